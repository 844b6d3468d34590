"""What a check can find: the catalogue of codes, each with its level, its reason and its cure."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["block", "warn", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing found in an edition: a stable code, how grave it is, why, what to do, and where."""

    code: str
    level: Level
    why: str
    cure: str
    place: str


@dataclass(frozen=True)
class Check:
    """One entry of the catalogue."""

    level: Level
    why: str
    cure: str


def found(code: str, place: str) -> Finding:
    """Return the finding of a code at a place; KeyError if the catalogue has no such code."""
    check = CATALOGUE[code]
    return Finding(code, check.level, check.why, check.cure, place)


def _block(why: str, cure: str) -> Check:
    return Check("block", why, cure)


def _warn(why: str, cure: str) -> Check:
    return Check("warn", why, cure)


CATALOGUE: dict[str, Check] = {
    "subject.empty": _block("The subject is empty.", "Write a subject of 10 to 78 letters."),
    "subject.long": _warn("The subject is longer than 78 letters; most inboxes cut it.", "Shorten it."),
    "subject.short": _warn("The subject is shorter than 10 letters and says little.", "Say what it is about."),
    "subject.reply": _warn(
        "The subject looks like a reply or a forwarded mail, and it is neither.", "Take the prefix away."
    ),
    "subject.capitals": _warn(
        "The subject is written in capitals; readers and filters take that for shouting.",
        "Use capitals where the language does.",
    ),
    "preheader.empty": _warn(
        "There is no preheader, so inboxes show how the text begins.", "Write one line of 40 to 90 letters."
    ),
    "preheader.repeats": _warn("The preheader repeats the subject.", "Say in it what the subject leaves out."),
    "preheader.long": _warn(
        "The preheader is longer than 150 letters; hidden text of that length looks like a trick.",
        "Shorten it to 40 to 90 letters.",
    ),
    "text.empty": _block(
        "The plain-text part is empty; some readers see nothing else.",
        "Let the template print statement.body.",
    ),
    "text.thin": _warn(
        "The plain-text part has less than a fifth of what the HTML part says.",
        "Print the whole statement in page.txt.",
    ),
    "text.link_missing": _warn(
        "A link of the HTML part is not in the plain-text part.", "Print the address in page.txt too."
    ),
    "body.empty": _block("The HTML part has no text.", "Let the template print statement.body."),
    "body.short": _warn(
        "The text has fewer than 50 words; filters distrust mail that says so little.",
        "Put the statement itself into the mail, not only a link to it.",
    ),
    "body.long": _warn(
        "The text has more than 5,000 words; few read that in an inbox.", "Send a summary and link the whole."
    ),
    "size.large": _warn(
        "The HTML part is larger than 80 kB on the wire; from about 102 kB on some providers cut it off.",
        "Shorten the text, or send a summary with a link.",
    ),
    "size.clipped": _block(
        "The HTML part is larger than 100 kB on the wire; some providers cut it off, the way out with it.",
        "Shorten the text, or send a summary with a link.",
    ),
    "unsubscribe.html_missing": _block(
        "The HTML part has no link to unsubscribe.", 'Put <a href="{{ links.unsubscribe }}"> into page.html.'
    ),
    "unsubscribe.text_missing": _block(
        "The plain-text part has no link to unsubscribe.",
        "Put {{ links.unsubscribe }} on a line of its own into page.txt.",
    ),
    "unsubscribe.hidden": _block(
        "The link to unsubscribe cannot be seen: it is hidden, empty or smaller than 10 px.",
        "Show it in the size and colour of the text.",
    ),
    "postal.missing": _block(
        "The list has no postal address; the law of many countries asks for one.", "Give the list an address."
    ),
    "postal.not_shown": _block(
        "The postal address of the list is not in this part.", "Print mlist.postal_address in the template."
    ),
    "link.local": _block("A link leads to a machine only you can reach.", "Link the public address of the page."),
    "link.staging": _block("A link leads to a test copy of a website.", "Link the public address of the page."),
    "link.editor": _block("A link leads into an editor, where readers cannot follow.", "Link the published page."),
    "link.scheme": _block("A link is of a kind that mail programs refuse.", "Use https, mailto or tel."),
    "link.relative": _block("An address is relative; in a mail it leads nowhere.", "Write it out from https:// on."),
    "link.empty": _block("A link leads nowhere.", "Give it an address or make it plain text."),
    "link.insecure": _warn("A link uses http; readers are warned about it.", "Use https where the site has it."),
    "link.shortener": _warn(
        "A shortened address hides where it leads, and filters dislike it.", "Write the real address."
    ),
    "link.vague": _warn(
        'The text of a link ("click here") does not say where it leads.', "Name the thing that is linked."
    ),
    "image.data": _block(
        "An image is inside the HTML as data; large providers do not show it.", "Put it on the website."
    ),
    "image.alt_missing": _warn(
        "An image has no alternative text.", 'Describe it in alt, or write alt="" if it is decoration.'
    ),
    "image.alt_filename": _warn("The alternative text of an image is a file name.", "Describe what the image shows."),
    "image.large": _warn(
        "An image is more than 1,200 pixels wide or high; it is slow to load on the way.",
        "Make it smaller; 1,200 pixels are sharp on every screen.",
    ),
    "heading.none": _warn(
        "A long text has no heading below its title; readers cannot find their way in it.",
        "Put a heading over every part of it.",
    ),
    "heading.skipped": _warn(
        "A heading skips a level; people who listen to the text lose the thread.",
        "Use the level below the last.",
    ),
    "colour.contrast": _warn(
        "The colour of a text is too much like what is behind it (WCAG asks for 4.5:1, 3:1 for large letters).",
        "Make the text darker or its ground lighter; take away colours that were pasted in.",
    ),
    "placeholder": _block("Something was left to be filled in.", "Replace it, or take it away."),
    "characters.control": _warn(
        "There are invisible control characters; one large provider cuts mail at them.",
        "Type the words anew.",
    ),
    "attachment.absent": _warn("The text speaks of an attachment, and there is none.", "Link the file and say so."),
    "copyright.old": Check("info", "The copyright line names a past year.", "Correct the year, or drop the line."),
}
