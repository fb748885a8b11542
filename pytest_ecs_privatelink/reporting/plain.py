"""Text from the wire and from tags, made safe to print on one line."""


def one_line(text: str) -> str:
    """Return ``text`` on one line, control characters (escape sequences, too) as ``?``."""
    return "".join(
        character if character.isprintable() else "?" for character in " ".join(text.split())
    )


def counted(number: int, noun: str) -> str:
    """Return ``number`` with its noun, in the plural where it is not one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
