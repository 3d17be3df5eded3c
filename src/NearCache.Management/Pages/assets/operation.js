import { h, fill, foreign, visible } from './dom.js';
import { trouble } from './parts.js';

/**
 * Asks before something is changed: shows what it would change, asks for a reason and, where it is dangerous, for a name to be typed.
 *
 * @param title       what is done, as a heading
 * @param fields      elements that are filled in first; the effects are asked for when they are complete
 * @param preview     asks what it would change: { effects: [text or node], warnings: [text], detail: node, confirm: the name that must be
 *                    typed, … }; throws where it would be refused
 * @param action      the words of the button
 * @param danger      whether the button is red
 * @param submit      does it: (reason, what preview returned) → a node that shows the result, or nothing to end with `done`
 * @param done        called after the dialog has closed, if it was done
 */
export function operate({ title, intro = null, fields = [], preview, action, danger = false, submit, done }) {
    const opener = document.activeElement;
    const body = h('div');
    const reason = h('input', { required: true, maxlength: '300', autocomplete: 'off' });
    const dialog = h('dialog', { 'aria-labelledby': 'operation-title' }, h('h2', { id: 'operation-title', tabindex: '-1' }, title), body);
    let isBusy = false;
    let isDone = false;
    dialog.addEventListener('close', () => {
        dialog.remove();
        focusAgain();
        if (isDone) {
            end();
        }
    });
    document.body.append(dialog);
    dialog.showModal();
    if (fields.length > 0) {
        ask();
    } else {
        look();
    }

    // Where the page cannot be read again at once, it says so itself.
    function end() {
        done?.()?.catch?.(() => null);
    }

    // The page may have been drawn anew in the meantime, with another button in the same place.
    function focusAgain() {
        const key = opener?.dataset?.key;
        const target = opener?.isConnected || !key ? opener : document.querySelector(`[data-key="${CSS.escape(key)}"]`);
        target?.focus?.();
    }

    function ask(problem = null) {
        fill(
            body,
            h(
                'form',
                { onsubmit: prevented(look) },
                intro ? h('p', null, intro) : null,
                fields,
                problem ? trouble(problem) : null,
                h('div', { class: 'actions' }, h('button', { class: 'main' }, 'Show what it would change'), cancel()),
            ),
        );
        body.querySelector('input, select, textarea')?.focus();
    }

    async function look() {
        const waiting = h('p', { role: 'status' }, 'Looking at what it would change…');
        fill(body, waiting, h('div', { class: 'actions' }, cancel()));
        try {
            decide(await preview());
        } catch (e) {
            if (fields.length > 0) {
                ask(e);
            } else {
                fill(
                    body,
                    trouble(e),
                    h('div', { class: 'actions' }, h('button', { type: 'button', onclick: look }, 'Try again'), cancel('Close')),
                );
                body.querySelector('button').focus();
            }
        }
    }

    function decide(found) {
        const confirm = found.confirm ?? null;
        const typed =
            confirm === null ? null : h('input', { required: true, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
        const button = h('button', { class: danger ? 'danger' : 'main', disabled: true }, action);
        const problem = h('div');
        const check = () => {
            const isConfirmed = typed === null || typed.value === confirm || typed.value === visible(confirm);
            button.disabled = isBusy || reason.value.trim() === '' || !isConfirmed;
        };
        const form = h(
            'form',
            { oninput: check, onsubmit: prevented(() => run(found, reason.value.trim(), button, problem)) },
            intro && fields.length === 0 ? h('p', null, intro) : null,
            h('h3', null, 'What it would change'),
            h(
                'ul',
                { class: 'effects' },
                found.effects.map(effect => h('li', null, effect instanceof Node ? effect : foreign(effect))),
            ),
            (found.warnings ?? []).map(warning => h('div', { class: 'warning' }, h('strong', null, '! '), foreign(warning))),
            found.detail ?? null,
            field('Reason', reason, 'Kept in the history, with your name.'),
            typed === null ? null : field(['Type ', h('code', null, foreign(confirm)), ' to confirm'], typed),
            problem,
            h(
                'div',
                { class: 'actions' },
                button,
                fields.length > 0 ? h('button', { type: 'button', onclick: () => ask() }, 'Back') : null,
                cancel(),
            ),
        );
        fill(body, form);
        check();
        reason.focus();
    }

    async function run(found, why, button, problem) {
        [isBusy, button.disabled] = [true, true];
        fill(problem, h('p', { role: 'status' }, 'Working…'));
        try {
            const result = await submit(why, found);
            isDone = true;
            if (!dialog.isConnected) {
                end();
            } else if (result) {
                fill(body, result, h('div', { class: 'actions' }, cancel('Close', 'main')));
                dialog.querySelector('h2').focus();
            } else {
                dialog.close();
            }
        } catch (e) {
            // What was shown is not what would be changed any more: it must be seen anew.
            const isOld = e.code === 'revisionConflict';
            const again = h('button', { type: 'button', class: 'main', onclick: look }, 'Show what it would change now');
            fill(problem, trouble(e), isOld ? h('div', { class: 'actions' }, again) : null);
            button.disabled = isOld;
            if (isOld) {
                again.focus();
            }
        } finally {
            isBusy = false;
        }
    }

    function cancel(text = 'Cancel', kind = null) {
        return h('button', { type: 'button', class: kind, onclick: () => dialog.close() }, text);
    }
}

/** A labelled control, with a hint. */
export function field(label, control, hint = null) {
    control.id ||= `field-${++fieldCount}`;
    if (hint) {
        control.setAttribute('aria-describedby', `${control.id}-hint`);
    }
    return h(
        'div',
        { class: 'field' },
        h('label', { for: control.id }, label),
        control,
        hint ? h('span', { class: 'hint', id: `${control.id}-hint` }, hint) : null,
    );
}

let fieldCount = 0;

function prevented(action) {
    return event => {
        event.preventDefault();
        action();
    };
}
