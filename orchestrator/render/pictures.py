"""Pictures of the made-up shop's products, drawn where a real shop has photographs: in previews,
and on the pages to which mails lead as long as a project has no website.
"""

from __future__ import annotations

from urllib.parse import quote

#: By a word of the product's name: what is drawn on 120 × 120.
_SHAPES = {
    "lamp": '<path d="M60 14a30 30 0 0 1 30 30H30a30 30 0 0 1 30-30z"/><path d="M57 44h6v48h-6zM38 '
    '92h44v10H38z" class="deep"/>',
    "pendant": '<path d="M58 0h4v34h-4z" class="deep"/><path d="M60 30l40 52H20z"/>',
    "stool": '<path d="M26 46h68v12H26z"/><path d="M34 58h9l-7 46h-9zM77 58h9l7 46h-9z" '
    'class="deep"/>',
    "board": '<rect x="34" y="12" width="52" height="84" rx="14"/><circle cx="60" cy="28" r="6" '
    'class="soft"/>',
    "vase": '<path d="M46 14h28l-6 22c22 14 22 66-8 70-30-4-30-56-8-70z"/>',
    "bowl": '<path d="M14 48h92a46 46 0 0 1-92 0z"/><path d="M42 94h36v8H42z" class="deep"/>',
    "throw": '<path d="M24 20h72v66H24z"/><path d="M24 40h72v8H24zM24 62h72v8H24z" '
    'class="deep"/><path d="M28 86h6v18h-6zM44 86h6v18h-6zM60 86h6v18h-6zM76 86h6v18h-6z"/>',
    "towel": '<path d="M30 14h60v84H30z"/><path d="M30 76h60v6H30zM30 88h60v4H30z" class="deep"/>',
    "candle": '<path d="M42 48h36v56H42z"/><path d="M60 14c12 14 8 24 0 26-8-2-12-12 0-26z" '
    'class="deep"/>',
    "matches": '<path d="M30 46h60v58H30z"/><path d="M42 18h5v28h-5zM58 18h5v28h-5zM74 18h5v28h-5z"'
    ' class="deep"/>',
}
_ANYTHING = '<circle cx="60" cy="60" r="38"/>'
_STYLE = ".soft{fill:#f2e6d5}.deep{fill:#6b3a2a}path,circle,rect{fill:#d98e5f}"


def draw(name: str) -> str:
    """The picture of a product as SVG, by a word of its name: `aura-lamp`, `Fjell stool`."""
    words = name.lower().replace("-", " ").split()
    shape = next((_SHAPES[word] for word in words if word in _SHAPES), _ANYTHING)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" width="240" height="240">'
        f'<style>{_STYLE}</style><rect width="120" height="120" class="soft"/>{shape}</svg>'
    )


def inline(name: str) -> str:
    """The same as an address that needs no server."""
    return f"data:image/svg+xml,{quote(draw(name))}"
