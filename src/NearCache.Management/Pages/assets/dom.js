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
            parent.append(child instanceof Node ? child : String(child));
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

/** Replaces control and formatting characters by their escapes. */
export function visible(text) {
    return String(text ?? '').replace(
        /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
        character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

/** Draws anew without taking the focus from the keyboard: the element with the same id, data-key or address gets it back. */
export function redraw(container, draw) {
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
