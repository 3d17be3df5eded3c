// Elements are built here, and nowhere by HTML text: every text of a server, a key or an author becomes a text node.

/** Creates an element. Attributes: "class", "on…" (a listener), a boolean, or text. Children: nodes, texts, arrays; null is left out. */
export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false) {
            continue;
        }
        if (name.startsWith('on')) {
            element.addEventListener(name.slice(2), value);
        } else if (name === 'value') {
            element.value = value;
        } else {
            element.setAttribute(name, value === true ? '' : String(value));
        }
    }
    add(element, children);
    return element;
}

/** Appends nodes and texts. */
export function add(parent, ...children) {
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false) {
            // The spaces that do not break are the console's own.
            parent.append(child instanceof Node ? child : String(child).split('\u00a0').map(visible).join('\u00a0'));
        }
    }
    return parent;
}

/** Replaces the content of an element. */
export function fill(parent, ...children) {
    parent.replaceChildren();
    return add(parent, ...children);
}

/** Text of an unknown author: isolated from the direction of its surroundings, with invisible characters made visible. */
export function foreign(text, attributes) {
    return h('bdi', { class: 'foreign', ...attributes }, visible(text));
}

/** A name, key or pattern, in letters of one width. */
export function code(text) {
    return h('code', null, foreign(text));
}

// What is not seen, or is seen as another character: controls, formats, private and unassigned characters, what fonts ignore, the blank
// pattern of Braille, and every space but the ordinary one.
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

// Marks that are piled onto one letter until they cover the lines around it.
const piled = /(?<=\p{M}{3})\p{M}/gu;

/** Replaces characters that would hide, turn or cover text by their escapes. */
export function visible(text) {
    return String(text ?? '')
        .replace(unseen, escaped)
        .replace(piled, escaped);
}

function escaped(character) {
    const digits = character.codePointAt(0).toString(16).padStart(4, '0');
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
}

// Between the press and the release of a pointer nothing is drawn anew, or the click would meet another element and be lost.
const longestPress = 3000;
let pressed = -Infinity;
const waiting = new Map();
addEventListener('pointerdown', () => (pressed = performance.now()), true);
for (const end of ['pointerup', 'pointercancel']) {
    addEventListener(end, () => setTimeout(released), true);
}

function released() {
    pressed = -Infinity;
    for (const [container, draw] of waiting) {
        waiting.delete(container);
        redraw(container, draw);
    }
}

/** Draws anew without taking the focus from the keyboard: the element with the same id, data-key or address gets it back. */
export function redraw(container, draw) {
    if (performance.now() - pressed < longestPress && container.isConnected) {
        waiting.set(container, draw);
        return;
    }
    waiting.delete(container);
    const active = container.contains(document.activeElement) ? document.activeElement : null;
    const mark =
        active &&
        (active.id
            ? `#${CSS.escape(active.id)}`
            : active.dataset.key
              ? `[data-key="${CSS.escape(active.dataset.key)}"]`
              : active.getAttribute('href')
                ? `a[href="${CSS.escape(active.getAttribute('href'))}"]`
                : null);
    const open = [...container.querySelectorAll('details[data-key][open]')].map(each => each.dataset.key);
    draw();
    for (const each of container.querySelectorAll('details[data-key]')) {
        each.open = open.includes(each.dataset.key);
    }
    if (active && !active.isConnected && mark) {
        container.querySelector(mark)?.focus({ preventScroll: true });
    }
}
