import { get, page } from '../api.js';
import { h, fill, foreign } from '../dom.js';
import { number } from '../format.js';
import { part, state } from '../parts.js';
import { table } from '../table.js';

/** One row for each context, worst first. One that cannot be reached is unknown, never well. */
export async function show({ main, live, module, missing }) {
    let old = null;
    let rows = (await get('/contexts')).contexts;
    const list = table(
        'Contexts',
        [
            { title: 'Context', head: true, cell: row => h('a', { href: page(module, {}, { of: row.name }) }, foreign(row.name)) },
            { title: 'State', cell: row => state(old === null ? row.verdict.level : 'unknown') },
            { title: 'Why', wide: true, cell: row => foreign(old === null ? row.verdict.sentence : 'The console gives no news.') },
            { title: 'Stops', figure: true, cell: row => part(row.stops) },
            { title: 'Suspended rules', figure: true, cell: row => part(row.suspended) },
            { title: 'Processes', figure: true, cell: row => part(row.processes, counts => number(counts.live)) },
            { title: 'Reads /s', figure: true, cell: row => part(row.readsPerSecond) },
        ],
        [],
        {
            empty: 'You are permitted to see no context.',
            rowClass: row => (row.verdict.level === 'unknown' ? 'unknownrow' : row.verdict.level),
        },
    );
    const heading = h('h1');
    const draw = () => {
        const unwell = rows.filter(row => row.verdict.level !== 'well').length;
        heading.textContent =
            old !== null
                ? 'Unknown: the console gives no news'
                : unwell === 0
                  ? `All ${rows.length} contexts are well`
                  : `${unwell} of ${rows.length} contexts ${unwell === 1 ? 'needs' : 'need'} a look`;
        list.show(rows);
    };
    fill(
        main,
        missing === null
            ? null
            : h('div', { class: 'warning' }, 'There is no context ', foreign(missing), ', or you are not permitted to see it.'),
        heading,
        h('section', null, list),
    );
    draw();
    live.follow({
        contexts(value) {
            rows = value.contexts;
            draw();
        },
        age(seconds) {
            if (seconds !== null || old !== null) {
                old = seconds;
                draw();
            }
        },
    });
}
