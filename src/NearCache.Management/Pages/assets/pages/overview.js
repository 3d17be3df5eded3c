import { get, page } from '../api.js';
import { h, fill, foreign, code, redraw, visible } from '../dom.js';
import { ago, clock, duration, milliseconds, number, percent } from '../format.js';
import { adviceOn } from '../advice.js';
import { historyCharts } from '../history.js';
import { areMany, author, explanation, figure, mark, maybe, part, perSecond, reason, ruleLink, state, stopText, valueOf, withoutPast } from '../parts.js';
import { stopDialog } from '../stops.js';
import { table } from '../table.js';

/** The first screen: well or not, and why; what to do; the figures that say so; the last 15 minutes. */
export async function show(app) {
    const { main, live } = app;
    let last = await get('');
    let old = null;
    const announced = h('p', { class: 'hidden', role: 'status' });
    const verdict = h('div');
    const figures = h('div');
    const charts = historyCharts();
    fill(main, announced, verdict, figures, charts.element);
    charts.begin();
    draw();
    live.follow({
        overview(value) {
            last = value;
            draw();
        },
        point: charts.point,
        resumed: charts.resumed,
        age(seconds) {
            if (seconds !== null || old !== null) {
                old = seconds;
                redraw(verdict, () => drawVerdict(verdict, last, old, app));
            }
        },
    });

    function draw() {
        if (announced.textContent !== visible(last.verdict.sentence)) {
            fill(announced, last.verdict.sentence);
        }
        redraw(verdict, () => drawVerdict(verdict, last, old, app));
        redraw(figures, () => drawFigures(figures, last));
    }
}

function drawVerdict(element, overview, old, app) {
    const level = old === null ? overview.verdict.level : 'unknown';
    const stops = valueOf(overview.stops);

    // The sentence tells the first cause.
    const others = overview.verdict.causes.filter((each, i) => i > 0 || !overview.verdict.sentence.startsWith(each.text));
    fill(
        element,
        h(
            'section',
            { class: `verdict ${level}`, 'aria-labelledby': 'sentence' },
            h(
                'p',
                { class: 'small' },
                state(level),
                h('span', { class: 'muted' }, overview.at ? [' · read ', ago(overview.at)] : ' · not read yet'),
            ),
            old !== null
                ? h(
                      'p',
                      null,
                      `The console has had no news for ${duration(old)}. What follows was true at ${overview.at ? clock(overview.at) : 'an unknown time'}.`,
                  )
                : null,
            h('h1', { id: 'sentence' }, explained(overview.verdict.sentence, overview.verdict.causes[0])),
            old === null ? remedy(overview.verdict.causes[0], app) : null,
            others.length === 0 ? null : h('ul', { class: 'findings' }, others.slice(0, 10).map(cause)),
            others.length > 10 ? h('p', { class: 'small' }, `And ${others.length - 10} more.`) : null,
        ),
        h(
            'div',
            { class: 'grid' },
            h(
                'section',
                { 'aria-labelledby': 'stops-title' },
                h(
                    'div',
                    { class: 'heading' },
                    h('h2', { id: 'stops-title' }, 'Stops and suspended rules'),
                    h('p', null, h('a', { href: page('stop') }, app.can('operate') ? 'Stop near caching ›' : 'Stops ›')),
                ),
                h(
                    'ul',
                    { class: 'findings' },
                    listed('Stops', overview.stops, stopText),
                    listed('Suspensions', overview.suspensions, suspension),
                ),
                stops?.length === 0 && valueOf(overview.suspensions)?.length === 0
                    ? h('p', { class: 'muted' }, 'No rule is stopped or suspended.')
                    : null,
            ),
            h(
                'section',
                { 'aria-labelledby': 'change-title' },
                h(
                    'div',
                    { class: 'heading' },
                    h('h2', { id: 'change-title' }, 'The last change'),
                    h('p', null, h('a', { href: page('changes') }, 'All changes ›')),
                ),
                lastChange(overview.lastChange),
            ),
        ),
    );
}

// What to do about the first cause. If it is a rule: one click to the stop of exactly that rule.
function remedy(first, app) {
    const advice = adviceOn(first);
    return [
        advice === null ? null : h('p', { class: 'advice' }, h('strong', null, 'What to do: '), advice),
        first?.page === 'rules' && first.subject && app.can('operate')
            ? h(
                  'div',
                  { class: 'actions' },
                  h(
                      'button',
                      { type: 'button', class: 'danger', 'data-key': 'remedy', onclick: () => stopDialog(app, first.subject) },
                      'Stop the rule ',
                      foreign(first.subject),
                      '…',
                  ),
                  h('span', { class: 'small' }, 'It shows what it would change first.'),
              )
            : null,
    ];
}

function cause(each) {
    return h('li', null, mark(each.level), h('span', null, explained(each.text, each)));
}

// A text with the way to what explains it.
function explained(text, target) {
    const href = target ? explanation(target) : null;
    return href === null ? foreign(text) : h('a', { href }, foreign(text), h('span', { 'aria-hidden': 'true' }, ' ›'));
}

function listed(name, observed, show) {
    return valueOf(observed) === null
        ? h('li', null, mark('unknown'), h('span', null, name, ': ', part(observed)))
        : observed.value.map(each => h('li', null, mark('attention'), h('span', null, show(each))));
}

function suspension(each) {
    return [
        'Rule ',
        ruleLink(each.rule),
        each.state === 'open' ? ' suspended' : ' on trial after its suspension',
        each.since ? [' ', ago(each.since)] : '',
        ': ',
        foreign(each.why),
        each.addedBy
            ? [' Added ', ago(each.addedBy.at), ' by ', author(each.addedBy.who, each.addedBy.isVerified), ': ', reason(each.addedBy.why)]
            : '',
    ];
}

function lastChange(change) {
    if (!change) {
        return h('p', { class: 'muted' }, 'No change is known.');
    }
    const href = explanation(change);
    return [
        h('p', null, href === null ? foreign(change.text) : h('a', { href }, foreign(change.text))),
        h(
            'p',
            { class: 'muted' },
            ago(change.at),
            change.who ? [' by ', author(change.who, change.isVerified)] : '',
            change.why ? [': ', reason(change.why)] : '',
        ),
    ];
}

function drawFigures(element, overview) {
    const traffic = overview.traffic;
    fill(
        element,
        h(
            'section',
            { class: 'plain', 'aria-labelledby': 'reads-title' },
            h('h2', { id: 'reads-title' }, 'Reads, by the tier that answered'),
            h(
                'ul',
                { class: 'figures' },
                figure('Near', page('rules'), traffic.nearReadsPerSecond, { show: perSecond, beside: nearPart(traffic) }),
                figure('memcached', page('memcached'), traffic.remoteReadsPerSecond, { show: perSecond }),
                figure('Source (factory runs)', page('processes', { sort: 'factoryRuns' }), traffic.factoryRunsPerSecond, { show: perSecond }),
                figure('Failed operations', page('processes', { sort: 'failures' }), traffic.failuresPerSecond, {
                    show: perSecond,
                    level: valueOf(traffic.failuresPerSecond?.now) > 0 ? 'attention' : null,
                }),
                figure('p99 of memcached', page('processes', { sort: 'p99' }), traffic.remoteP99Milliseconds, { show: milliseconds }),
            ),
            withoutPast(traffic.nearReadsPerSecond),
        ),
        h(
            'section',
            { class: 'plain', 'aria-labelledby': 'processes-title' },
            h('h2', { id: 'processes-title' }, 'Processes'),
            processes(overview),
        ),
        h(
            'section',
            { 'aria-labelledby': 'servers-title' },
            h(
                'div',
                { class: 'heading' },
                h('h2', { id: 'servers-title' }, 'memcached'),
                h('p', null, h('a', { href: page('memcached') }, 'Servers and owners of connections ›')),
            ),
            servers(overview.servers),
        ),
        h(
            'section',
            { class: 'plain', 'aria-labelledby': 'zookeeper-title' },
            h('h2', { id: 'zookeeper-title' }, 'ZooKeeper'),
            zooKeeper(overview.zooKeeper),
        ),
    );
}

function nearPart(traffic) {
    const near = valueOf(traffic.nearReadsPerSecond?.now);
    const remote = valueOf(traffic.remoteReadsPerSecond?.now);
    return near === null || remote === null || near + remote === 0 ? null : `${percent(near / (near + remote))} of reads`;
}

function processes({ processes: observed, versions }) {
    const counts = valueOf(observed);
    if (counts === null) {
        return h('section', null, h('p', null, part(observed)), h('p', null, h('a', { href: page('processes') }, 'Processes ›')));
    }
    const count = (label, name, level = null) =>
        figure(label, page('processes', { status: name }), { value: counts[name] ?? null }, { level: counts[name] > 0 ? level : null });
    return [
        h(
            'ul',
            { class: 'figures' },
            count('Live', 'live'),
            count('Starting', 'starting'),
            count('Starved', 'starved', 'attention'),
            count('Silent', 'silent', 'attention'),
            count('Without a report', 'noReport'),
            counts.noDelivery > 0 ? count('Without delivery', 'noDelivery', 'attention') : null,
            h(
                'li',
                { class: 'figure' },
                h('a', { href: page('processes', { sort: 'version' }), class: 'label' }, 'Versions in use ›'),
                h('span', { class: 'value' }, versions.length === 0 ? '–' : versions.length),
                h(
                    'span',
                    { class: 'beside' },
                    versions.slice(0, 4).map((each, i) => [i > 0 ? ', ' : '', foreign(each.version), ` × ${number(each.processes)}`]),
                    versions.length > 4 ? ` and ${versions.length - 4} more` : '',
                ),
            ),
        ),
        counts.unlisted
            ? h('p', { class: 'muted' }, state('unknown', 'There may be more processes'), ': ', foreign(counts.unlisted))
            : null,
    ];
}

function servers(all) {
    return table(
        'memcached servers',
        [
            { title: 'Server', head: true, cell: row => h('a', { href: page('memcached', { server: row.name }) }, code(row.name)) },
            {
                title: 'State',
                wide: true,
                cell: row => [serverState(row), row.problem ? h('span', { class: 'cell-note' }, foreign(row.problem)) : null],
            },
            { title: 'Connections', figure: true, cell: row => [part(row.connections), ' of at most ', part(row.maxConnections)] },
            { title: 'Expected', figure: true, cell: row => part(row.expected) },
            {
                title: 'Unaccounted',
                figure: true,
                cell: row => [
                    h(
                        'a',
                        { href: page('memcached', { server: row.name }) },
                        part(row.unaccounted, value => (isLeaking(row) ? state('attention', number(value)) : number(value))),
                    ),
                    valueOf(row.unaccountedHourAgo) === null
                        ? null
                        : h('span', { class: 'cell-note' }, 'an hour ago ', number(valueOf(row.unaccountedHourAgo))),
                ],
            },
        ],
        all,
        {
            empty: 'No memcached server is configured.',
            rowClass: row => ({ down: 'bad', unknown: 'unknownrow' })[row.state] ?? (isLeaking(row) ? 'attention' : null),
        },
    );
}

/** Whether a memcached server has many connections that no process reports. */
export function isLeaking(row) {
    return areMany(valueOf(row.unaccounted), valueOf(row.expected));
}

/** The state of a memcached server in a word. */
export function serverState(row) {
    return state({ up: 'well', connecting: 'attention', down: 'bad' }[row.state] ?? 'unknown', row.state);
}

function zooKeeper(observed) {
    if (!observed) {
        return h(
            'section',
            null,
            h('p', { class: 'muted' }, 'No ZooKeeper is configured: near caching rests on the counters of memcached alone.'),
        );
    }
    const ours = valueOf(observed.transactionsPerSecond?.now);
    return [
        observed.problem ? h('div', { class: 'error' }, foreign(observed.problem)) : null,
        h(
            'ul',
            { class: 'figures' },
            figure('Our transactions', page('zookeeper'), observed.transactionsPerSecond, {
                show: perSecond,
                beside: ['budget ', maybe(observed.budgetPerSecond), ' /s'],
                level: ours !== null && ours > observed.budgetPerSecond ? 'bad' : null,
            }),
            figure("All clients' transactions", page('zookeeper'), observed.ensembleTransactionsPerSecond, { show: perSecond }),
            figure('znodes of all clients', page('zookeeper'), observed.nodes),
            h(
                'li',
                { class: 'figure' },
                h('a', { href: page('zookeeper'), class: 'label' }, 'Session of the console ›'),
                h('span', { class: 'value' }, foreign(observed.session)),
            ),
        ),
    ];
}
