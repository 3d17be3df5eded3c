import { get, page, parameter } from '../api.js';
import { h, fill, foreign, redraw, visible } from '../dom.js';
import { ago, clock, zone } from '../format.js';
import { keepFresh } from '../fresh.js';
import { author, explanation, mark, reason, trouble } from '../parts.js';

const kinds = {
    'Edits and stops': ['edit', 'stop', 'resume'],
    Suspensions: ['suspended', 'resumed'],
    'Processes and versions': ['version', 'processStarted', 'processEnded', 'processSilent', 'violation'],
    Servers: ['serverRestarted', 'serverDown', 'serverUp', 'ensemble'],
    Verdicts: ['verdict'],
};
const words = {
    edit: 'Edit',
    stop: 'Stop',
    resume: 'Resume',
    suspended: 'Suspended',
    resumed: 'Suspension ended',
    version: 'Version',
    processStarted: 'Process started',
    processEnded: 'Process ended',
    processSilent: 'Process silent',
    violation: 'Too old',
    serverRestarted: 'Server restarted',
    serverDown: 'Server down',
    serverUp: 'Server up',
    ensemble: 'ZooKeeper',
    verdict: 'Verdict',
};
const step = 100;

/** Everything that changed, newest first, on one timeline. */
export async function show(app) {
    const { main } = app;
    let date = parameter('date');
    const hidden = new Set();
    const days = await get('history/days').catch(() => ({ days: [], isStored: false }));
    let changes = [];
    let hasMore = false;
    const heading = h('h1');
    const problem = h('div', { role: 'status' });
    const list = h('ol', { class: 'timeline' });
    const none = h('p', { class: 'muted' });
    const older = h('button', { type: 'button', onclick: more }, 'Show older changes');
    const day = h(
        'select',
        { onchange: () => choose(day.value) },
        h('option', { value: '', selected: date === null }, 'the newest'),
        days.days.map(each => h('option', { value: each, selected: each === date }, each)),
    );
    fill(
        main,
        heading,
        h(
            'p',
            { class: 'muted' },
            'Edits, stops, suspensions, versions, and restarts of processes and servers, newest first. ',
            `Times are those of this computer's time zone, ${zone()}.`,
            days.isStored ? '' : ' Events that are not in the registry are kept in the memory of the console: they begin when it started.',
        ),
        h(
            'div',
            { class: 'filters', role: 'group', 'aria-label': 'Shown kinds' },
            Object.keys(kinds).map(each =>
                h(
                    'label',
                    { class: 'inline' },
                    h('input', { type: 'checkbox', checked: true, onchange: event => toggle(each, event.target.checked) }),
                    each,
                ),
            ),
            days.days.length === 0 && date === null ? null : h('label', { class: 'inline' }, 'Day (UTC) ', day),
        ),
        problem,
        h('section', null, list, none, older),
    );
    await choose(date ?? '');
    keepFresh(app, () => (date === null ? newest() : null));

    async function choose(value) {
        date = value === '' ? null : value;
        [changes, hasMore] = [[], false];
        history.replaceState(null, '', page('changes', { date }));
        heading.textContent = date === null ? 'Changes' : `Changes of ${visible(date)} (UTC)`;
        await tried(newest);
        draw();
    }

    function toggle(name, isShown) {
        if (isShown) {
            hidden.delete(name);
        } else {
            hidden.add(name);
        }
        draw();
    }

    async function newest() {
        const asked = date;
        const answer = await get('changes', { limit: step, date });
        if (asked !== date) {
            return;
        }
        if (changes.length <= step) {
            ({ changes, hasMore } = answer);
        } else {
            const known = new Set(changes.map(each => JSON.stringify(each)));
            changes = [...answer.changes.filter(each => !known.has(JSON.stringify(each))), ...changes];
        }
        draw();
    }

    function more() {
        return tried(async () => {
            const answer = await get('changes', { limit: step, before: changes.at(-1).at, date });
            changes = [...changes, ...answer.changes];
            hasMore = answer.hasMore;
            draw();
        });
    }

    async function tried(read) {
        try {
            await read();
            problem.replaceChildren();
        } catch (e) {
            fill(problem, trouble(e));
        }
    }

    function draw() {
        const left = new Set([...hidden].flatMap(each => kinds[each]));
        const shown = changes.filter(change => !left.has(change.kind));
        redraw(list, () => fill(list, shown.map(entry)));
        none.textContent = shown.length > 0 ? '' : changes.length > 0 ? 'No change of the kinds that are shown.' : 'No change is known.';
        none.hidden = shown.length > 0 || problem.hasChildNodes();
        older.hidden = !hasMore;
    }
}

function entry(change) {
    const href = explanation(change);
    return h(
        'li',
        null,
        h('div', { class: 'when' }, ago(change.at), h('span', { class: 'cell-note' }, change.at ? clock(change.at) : '')),
        h(
            'div',
            null,
            h(
                'p',
                null,
                mark(change.level),
                ' ',
                h('strong', null, words[change.kind] ?? foreign(change.kind)),
                ': ',
                href === null ? foreign(change.text) : h('a', { href }, foreign(change.text)),
            ),
            change.who || change.why
                ? h(
                      'p',
                      { class: 'muted' },
                      change.who ? ['by ', author(change.who, change.isVerified)] : '',
                      change.why ? [': ', reason(change.why)] : '',
                  )
                : null,
        ),
    );
}
