import { get, page, parameter } from './api.js';
import { chart } from './chart.js';
import { h, add, fill } from './dom.js';
import { milliseconds, number } from './format.js';
import { part } from './parts.js';

const live = 15;
const periods = [
    [live, 'The last 15 minutes, live'],
    [60, 'The last hour'],
    [24 * 60, 'The last 24 hours'],
];

// Heading, page that explains it, how a value is written, and the lines with their series.
const charts = [
    ['Reads per second', 'rules', number, { near: 'nearReads', memcached: 'remoteReads' }],
    ['Failures and factory runs per second', 'memcached', number, { 'factory runs': 'factoryRuns', failures: 'failures' }],
    ['p99 of reads from memcached', 'memcached', milliseconds, { p99: 'remoteP99' }],
    ['ZooKeeper transactions per second', 'zookeeper', number, { ours: 'ours', 'all clients': 'ensemble' }],
    ['Connections to memcached', 'memcached', number, { seen: 'connections:*', unaccounted: 'unaccounted:*' }],
    ['Processes', 'processes', number, { live: 'live', starved: 'starved', silent: 'silent' }],
];

/** The charts: the last 15 minutes with each new point, a longer time, or a day of the console's folder. */
export function historyCharts() {
    const date = parameter('date');
    const drawn = charts.map(([heading, address, format, lines]) => [
        heading,
        page(address),
        chart(
            Object.entries(lines).map(([label, name]) => ({ label, values: history => valuesOf(history, name) })),
            format,
        ),
    ]);
    const period = h(
        'select',
        { id: 'period', onchange: load },
        periods.map(([minutes, text]) => h('option', { value: String(minutes) }, text)),
    );
    const problem = h('div', { role: 'status' });
    let history = { seconds: [], series: {} };
    return {
        element: h(
            'section',
            { class: 'plain', 'aria-labelledby': 'charts-title' },
            h(
                'div',
                { class: 'heading' },
                h('h2', { id: 'charts-title' }, 'Over time'),
                h('div', { class: 'filters' }, h('label', { class: 'inline', for: 'period' }, 'Shown'), period),
            ),
            problem,
            h(
                'div',
                { class: 'grid' },
                drawn.map(([heading, href, each]) => h('section', null, h('h3', null, h('a', { href }, heading, ' ›')), each)),
            ),
        ),
        async begin() {
            const { days } = await get('history/days').catch(() => ({ days: [] }));
            add(
                period,
                days.map(day => h('option', { value: day, selected: day === date }, day)),
            );
            await load();
        },
        // What was not heard meanwhile is read again.
        resumed() {
            if (period.value === String(live)) {
                load();
            }
        },
        point({ at, values }) {
            if (period.value === String(live) && at > (history.seconds.at(-1) ?? 0)) {
                append(history, at, values);
                draw();
            }
        },
    };

    async function load() {
        const asked = period.value;
        try {
            const answer = await get('history', asked.includes('-') ? { date: asked } : { minutes: asked });
            if (asked === period.value) {
                history = { seconds: answer.times, series: answer.series };
                fill(problem);
                draw();
            }
        } catch (e) {
            fill(problem, h('p', null, 'The history is ', part({ unknown: e.message }), '.'));
        }
    }

    function draw() {
        const text = period.selectedOptions[0].textContent;
        drawn.forEach(([, , each]) => each.show(history, text));
    }
}

// One series, or the sum of several; unknown where one of them is.
function valuesOf({ seconds, series }, name) {
    if (!name.endsWith('*')) {
        return series[name] ?? null;
    }
    const parts = Object.keys(series)
        .filter(each => each.startsWith(name.slice(0, -1)))
        .map(each => series[each]);
    return parts.length === 0
        ? null
        : seconds.map((_, i) =>
              parts.some(each => each[i] === null || each[i] === undefined) ? null : parts.reduce((sum, each) => sum + each[i], 0),
          );
}

function append({ seconds, series }, at, values) {
    for (const name of new Set([...Object.keys(series), ...Object.keys(values)])) {
        (series[name] ??= seconds.map(() => null)).push(values[name] ?? null);
    }
    seconds.push(at);
    const first = seconds.findIndex(second => second >= at - 60 * live);
    if (first > 0) {
        seconds.splice(0, first);
        Object.values(series).forEach(each => each.splice(0, first));
    }
}
