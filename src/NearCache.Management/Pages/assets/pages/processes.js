import { get, page, parameter } from '../api.js';
import { h, fill, foreign, code, redraw } from '../dom.js';
import { ago, bytes, duration, milliseconds, number, percent, unknown } from '../format.js';
import { keepFresh } from '../fresh.js';
import { facts, maybe, part, perSecond, ruleLink, state, tile, valueOf } from '../parts.js';
import { pagedTable, table } from '../table.js';

const size = 50;
const orders = [
    ['host', 'name'],
    ['status', 'state'],
    ['version', 'version'],
    ['age', 'time since start'],
    ['starts', 'starts'],
    ['hitRatio', 'near hit ratio'],
    ['reads', 'reads'],
    ['remoteReads', 'memcached reads'],
    ['p99', 'p99 of memcached'],
    ['factoryRuns', 'factory runs'],
    ['failures', 'failures'],
    ['delay', 'thread-pool delay'],
    ['confirmed', 'confirmation'],
    ['violations', 'violations'],
];
const filters = [
    ['', 'all'],
    ['live', 'live'],
    ['starting', 'starting'],
    ['starved', 'starved'],
    ['silent', 'silent'],
    ['ended', 'ended'],
    ['noReport', 'without a report'],
    ['noDelivery', 'without delivery'],
];

/** The processes of the fleet by their own reports, or one of them in detail. */
export async function show(app) {
    const id = parameter('process');
    await (id === null ? all(app) : one(app, id));
}

async function all(app) {
    const { main } = app;
    const asked = {
        offset: Math.max(0, Math.floor(Number(parameter('offset'))) || 0),
        limit: size,
        sort: parameter('sort') ?? 'host',
        descending: parameter('descending') === null ? parameter('sort') !== null : parameter('descending') === 'true',
        status: parameter('status') ?? '',
        text: parameter('text') ?? '',
    };
    const columns = [
        { title: 'Process', key: 'host', head: true, cell: named },
        {
            title: 'State',
            key: 'status',
            cell: process => [
                processState(process),
                process.problem ? h('span', { class: 'cell-note' }, foreign(process.problem)) : null,
                lostCarriers(process).map(name => h('span', { class: 'cell-note' }, undelivered(name))),
            ],
        },
        { title: 'Version', key: 'version', cell: process => (process.version ? foreign(process.version) : unknown(null)) },
        {
            title: 'Up',
            key: 'age',
            figure: true,
            cell: process => [
                maybe(process.uptimeSeconds, duration),
                process.starts > 1 ? h('span', { class: 'cell-note' }, `start ${number(process.starts)}`) : null,
            ],
        },
        {
            title: 'Near hit ratio',
            key: 'hitRatio',
            figure: true,
            cell: process => [
                maybe(process.hitRatio, percent),
                h(
                    'span',
                    { class: 'cell-note' },
                    part(process.nearReadsPerSecond, value => `${number(value)} /s near`, { brief: true }),
                ),
            ],
        },
        {
            title: 'memcached reads /s',
            key: 'remoteReads',
            figure: true,
            cell: process => [
                part(process.remoteReadsPerSecond, number, { brief: true }),
                h('span', { class: 'cell-note' }, 'p99 ', maybe(process.remoteP99Milliseconds, milliseconds)),
            ],
        },
        {
            title: 'Failures /s',
            key: 'failures',
            figure: true,
            cell: process => [
                part(process.failuresPerSecond, value => (value > 0 ? state('attention', number(value)) : number(value)), { brief: true }),
                h('span', { class: 'cell-note' }, part(process.factoryRunsPerSecond, number, { brief: true }), ' /s from the source'),
            ],
        },
        {
            title: 'Thread-pool delay',
            key: 'delay',
            figure: true,
            cell: process =>
                process.isStarved
                    ? state('attention', duration(process.threadPoolDelaySeconds))
                    : maybe(process.threadPoolDelaySeconds, duration),
        },
        {
            title: 'Confirmed',
            key: 'confirmed',
            figure: true,
            cell: process => maybe(process.confirmedSeconds, value => `${duration(value)} ago`),
        },
        {
            title: 'Rules',
            figure: true,
            cell: process => [
                maybe(process.rulesRevision, value => `rev. ${value}`),
                process.stops > 0 ? h('span', { class: 'cell-note' }, `${process.stops} stops`) : null,
            ],
        },
        {
            title: 'Monitor',
            key: 'violations',
            figure: true,
            cell: process => (process.monitor ? monitored(process.monitor) : notMonitored()),
        },
        { title: 'Differs in', cell: process => (process.differs?.length ? state('attention', process.differs.join(', ')) : '') },
    ];
    const list = pagedTable(
        'Processes',
        columns,
        {
            empty: 'No process is known.',
            rowClass: process =>
                process.isStarved || process.status === 'silent' || lostCarriers(process).length > 0
                    ? 'attention'
                    : process.status === 'noReport' ? 'unknownrow' : null,
        },
        {
            isSortable: column => Boolean(column.key),
            sort(column) {
                asked.descending = asked.sort === column.key ? !asked.descending : Boolean(column.figure);
                ask({ sort: column.key, offset: 0 });
            },
            move(to) {
                ask({ offset: to });
            },
        },
    );
    const above = h('div');
    const text = h('input', {
        type: 'search',
        'aria-label': 'Host, pod, node or id',
        placeholder: 'host, pod, node or id',
        value: asked.text,
        oninput: later(() => ask({ text: text.value.trim(), offset: 0 })),
    });
    const order = h(
        'select',
        { id: 'order', onchange: () => ask({ sort: order.value, descending: order.value !== 'host', offset: 0 }) },
        orders.map(([value, label]) => h('option', { value, selected: value === asked.sort }, label)),
    );
    const status = h(
        'select',
        { 'aria-label': 'State', onchange: () => ask({ status: status.value, offset: 0 }) },
        filters.map(([value, label]) => h('option', { value, selected: value === asked.status }, label)),
    );
    fill(
        main,
        h('h1', null, 'Processes'),
        h('p', { class: 'muted' }, 'By their own reports, every 5 s. A report is a claim: it informs, and enforces nothing.'),
        h('div', { class: 'filters' }, status, text, h('label', { class: 'inline', for: 'order' }, 'Sorted by'), order),
        above,
        h('section', null, list),
    );
    const again = keepFresh(app, draw);
    await draw();

    // What is chosen is part of the address, so that it survives a reload and the way back.
    function ask(changes) {
        Object.assign(asked, changes);
        const { sort, descending, status, text, offset } = asked;
        history.replaceState(
            null,
            '',
            page('processes', {
                ...(sort === 'host' && !descending ? {} : { sort, descending }),
                status,
                text,
                offset: offset || null,
            }),
        );
        again();
    }

    async function draw() {
        const found = await get('processes', asked);
        if (found.processes.length === 0 && found.offset > 0) {
            ask({ offset: 0 });
            return;
        }
        order.value = asked.sort;
        const differing = Object.entries(found.hashes ?? {})
            .filter(([, count]) => count > 1)
            .map(([name, count]) => `${count} different hashes of ${name}`);
        fill(
            above,
            found.unknown ? h('div', { class: 'error' }, 'The processes are ', part({ unknown: found.unknown }), '.') : null,
            found.unlisted
                ? h('div', { class: 'warning' }, h('strong', null, '! '), 'There may be more processes: ', foreign(found.unlisted))
                : null,
            differing.length > 0
                ? h(
                      'div',
                      { class: 'warning' },
                      h('strong', null, '! '),
                      `Processes do not agree: ${differing.join(', ')}. They look for keys in different places.`,
                  )
                : null,
        );
        list.draw({
            rows: found.processes,
            start: found.offset,
            size,
            total: found.total,
            column: columns.find(column => column.key === asked.sort),
            isDescending: asked.descending,
            none: found.unknown ? 'None is known.' : asked.status || asked.text ? 'No process matches.' : 'No process is known.',
        });
    }
}

async function one(app, id) {
    const { main } = app;
    const body = h('div');
    fill(main, h('p', { class: 'small' }, h('a', { href: page('processes') }, '‹ All processes')), body);
    const read = async () => {
        const found = await get(`processes/${encodeURIComponent(id)}`);
        redraw(body, () => fill(body, summary(found.process), detail(found.detail)));
    };
    await read();
    keepFresh(app, read);
}

function summary(process) {
    const lost = lostCarriers(process);
    return [
        h(
            'section',
            {
                class: `verdict ${process.problem || process.isStarved || lost.length > 0 ? 'attention' : process.status === 'live' ? 'well' : 'unknown'}`,
            },
            h('p', { class: 'small' }, processState(process)),
            h('h1', null, foreign(process.pod ?? process.host ?? process.id), process.processId ? ` (pid ${process.processId})` : ''),
            process.problem ? h('p', null, foreign(process.problem)) : null,
            process.differs?.length
                ? h('p', null, state('attention', `Differs from the other processes in: ${process.differs.join(', ')}`))
                : null,
            lost.map(name => h('p', null, undelivered(name), ': changes of other processes take about a second to reach it.')),
        ),
        h(
            'ul',
            { class: 'figures' },
            tile('Near hit ratio', maybe(process.hitRatio, percent)),
            tile('Near reads', part(process.nearReadsPerSecond, perSecond)),
            tile('Reads of memcached', part(process.remoteReadsPerSecond, perSecond)),
            tile('Factory runs', part(process.factoryRunsPerSecond, perSecond)),
            tile('Failures', part(process.failuresPerSecond, perSecond)),
            tile('Thread-pool delay', maybe(process.threadPoolDelaySeconds, duration)),
            tile('Collector pause', maybe(process.garbageCollectionPauseSeconds, duration)),
            tile(
                'Confirmed',
                maybe(process.confirmedSeconds, value => `${duration(value)} ago`),
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'The process'),
            facts([
                ['Host', maybe(process.host, foreign)],
                ['Pod', process.pod ? foreign(process.pod) : h('span', { class: 'muted' }, 'not stated')],
                ['Node', process.node ? foreign(process.node) : h('span', { class: 'muted' }, 'not stated')],
                ['Version', maybe(process.version, foreign)],
                [
                    'Started',
                    [
                        process.startedAt ? ago(process.startedAt) : unknown(null),
                        process.starts > 1 ? `, start ${process.starts} without a pause of 15 minutes` : '',
                    ],
                ],
                [
                    'Report',
                    process.ageSeconds === null || process.ageSeconds === undefined ? 'none' : `${duration(process.ageSeconds)} old`,
                ],
                [
                    'Rules',
                    [maybe(process.rulesRevision, value => `revision ${value}`), process.stops ? `, ${process.stops} stops applied` : ''],
                ],
                ['Servers', hash(process, 'servers', process.serversHash)],
                ['Placement of keys', hash(process, 'placement', process.placementHash)],
                ['Prefix of keys', hash(process, 'prefix', process.prefixHash)],
                [
                    'Monitor of near hits',
                    process.monitor
                        ? [
                              process.monitor.violations > 0
                                  ? [
                                        state('bad', `${number(process.monitor.violations)} violations of the promised staleness`),
                                        ', the last one ',
                                        maybe(process.monitor.violatedSeconds, value => `${duration(value)} ago`),
                                    ]
                                  : state('well', 'no violation'),
                              ', ',
                              maybe(process.monitor.checked, value => `${number(value)} near hits checked`),
                              ', ',
                              maybe(process.monitor.agreed, value => `${number(value)} agreed with memcached`),
                              ', ',
                              maybe(process.monitor.unclassified, value => `${number(value)} unclassified`),
                          ]
                        : 'not reported: the monitor is off, or the version does not report it',
                ],
                ['Id', code(process.id)],
            ]),
        ),
    ];
}

function detail(observed) {
    const found = valueOf(observed);
    if (found === null) {
        return h('section', null, h('h2', null, 'In detail'), h('p', null, 'The long report of the process is ', part(observed), '.'));
    }
    const zooKeeper = found.zooKeeper;
    return [
        h(
            'section',
            null,
            h('h2', null, 'Near tier'),
            facts([
                ['Entries', number(found.nearEntries)],
                ['Memory', bytes(found.nearBytes)],
                ['Evicted', number(found.nearEvictions)],
                [
                    'Misses by reason',
                    Object.keys(found.nearMisses ?? {}).length === 0
                        ? h('span', { class: 'muted' }, 'not counted: the metric nearcache.near.misses is not collected')
                        : Object.entries(found.nearMisses).map(([name, count], i) => [
                              i > 0 ? ', ' : '',
                              foreign(name),
                              ` ${number(count)}`,
                          ]),
                ],
            ]),
        ),
        h(
            'section',
            null,
            h('h2', null, 'memcached'),
            table(
                'Servers of the process',
                [
                    { title: 'Server', head: true, cell: row => h('a', { href: page('memcached', { server: row.name }) }, code(row.name)) },
                    { title: 'Served near', cell: row => (row.isServedNear ? state('well', 'yes') : state('attention', 'no')) },
                    { title: 'Confirmed', figure: true, cell: row => maybe(row.confirmedSeconds, value => `${duration(value)} ago`) },
                    { title: 'Identity', cell: row => (row.identity ? code(row.identity) : unknown(null)) },
                    { title: 'Connections', figure: true, cell: row => number(row.connectionCount) },
                    {
                        title: 'Local addresses',
                        cell: row =>
                            row.connections.map((each, i) => [i > 0 ? ', ' : '', code(each.local), ' opened ', ago(each.openedAt)]),
                    },
                ],
                found.servers,
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'Carriers'),
            h('p', { class: 'muted' }, 'They announce changes to the other processes. What they lose, audits find within about a second.'),
            table(
                'Carriers of announcements',
                [
                    { title: 'Carrier', head: true, cell: row => foreign(row.name) },
                    {
                        title: 'Delivers',
                        cell: row =>
                            row.isDelivering
                                ? state('well', 'yes')
                                : [
                                      state('attention', 'no'),
                                      h('span', { class: 'cell-note' }, row.problem ? foreign(row.problem) : 'the reason is not reported'),
                                  ],
                    },
                    {
                        title: 'Sent',
                        figure: true,
                        cell: row => [
                            number(row.sent),
                            h(
                                'span',
                                { class: 'cell-note' },
                                row.failed > 0 ? state('attention', `${number(row.failed)} failed`) : 'none failed',
                            ),
                        ],
                    },
                    { title: 'Received', figure: true, cell: row => number(row.received) },
                    { title: 'At most', figure: true, cell: row => perSecond(row.messagesPerSecond) },
                    { title: 'Waiting keys', figure: true, cell: row => number(row.waiting) },
                    { title: 'Members', figure: true, cell: row => number(row.members) },
                ],
                found.carriers ?? [],
                {
                    empty: found.dropped?.includes('carriers')
                        ? 'The report had no room for them.'
                        : 'None is reported: the process has none, or its version does not report them.',
                    rowClass: row => (row.isDelivering ? null : 'attention'),
                },
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'ZooKeeper'),
            !zooKeeper
                ? h('p', { class: 'muted' }, 'Not configured.')
                : facts([
                      ['Session', foreign(zooKeeper.state)],
                      ['Requests', [number(zooKeeper.requests), zooKeeper.failures > 0 ? `, ${number(zooKeeper.failures)} failed` : '']],
                      [
                          'Announcements',
                          `${number(zooKeeper.announcements)} attempted, at most ${number(zooKeeper.announcementsPerSecond)} /s`,
                      ],
                      ['Waiting keys', number(zooKeeper.waiting)],
                      ['Refused by a quota', number(zooKeeper.quotaRefusals)],
                      ['Members it counts', number(zooKeeper.members)],
                  ]),
        ),
        h(
            'section',
            null,
            h('h2', null, 'Rules'),
            table(
                'Rules in the process',
                [
                    { title: 'Rule', head: true, cell: row => ruleLink(row.name) },
                    {
                        title: 'In force',
                        cell: row => (row.isDryRun ? state('info', 'dry run') : row.isOn ? state('well', 'on') : state('info', 'off')),
                    },
                    {
                        title: 'Churn breaker',
                        cell: row => (row.churnBreaker === 'closed' ? 'closed' : state('attention', row.churnBreaker)),
                    },
                    { title: 'Near hits', figure: true, sort: row => row.nearHits, cell: row => number(row.nearHits) },
                    { title: 'memcached reads', figure: true, sort: row => row.remoteReads, cell: row => number(row.remoteReads) },
                    { title: 'Writes', figure: true, sort: row => row.writes, cell: row => number(row.writes) },
                    { title: 'Announced', figure: true, sort: row => row.announcements, cell: row => number(row.announcements) },
                ],
                found.rules,
                { empty: found.dropped?.includes('rules') ? 'The report had no room for them.' : 'The process has no rule.' },
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'Warnings in its log'),
            h('p', { class: 'muted' }, 'By the numbers of events; the log of the process and the documentation have their texts.'),
            table(
                'Warnings',
                [
                    { title: 'Event', head: true, cell: row => String(row.eventId) },
                    { title: 'Count', figure: true, sort: row => row.count, cell: row => number(row.count) },
                ],
                found.warnings ?? [],
                { sortBy: 1, empty: 'None since it started.' },
            ),
        ),
        h(
            'p',
            { class: 'muted small' },
            `This report was ${duration(found.ageSeconds)} old.`,
            found.dropped?.length ? ` It had no room for: ${found.dropped.join(', ')}.` : '',
        ),
    ];
}

// The carriers that deliver nothing to a process that runs. One that starts is connecting, and a silent one tells nothing.
function lostCarriers({ status, state, carriers }) {
    return status === 'live' && state === 'running'
        ? Object.entries(carriers ?? {})
              .filter(([, isDelivering]) => !isDelivering)
              .map(([name]) => name)
        : [];
}

function undelivered(name) {
    return state('attention', [foreign(name), ' does not deliver']);
}

// What the monitor of near hits has found: hits that were checked against memcached.
function monitored({ violations, violatedSeconds, checked }) {
    return [
        violations > 0 ? state('bad', `${number(violations)} violations`) : state('well', 'no violation'),
        violations > 0 ? h('span', { class: 'cell-note' }, 'last ', maybe(violatedSeconds, value => `${duration(value)} ago`)) : null,
        h('span', { class: 'cell-note' }, maybe(checked, value => `${number(value)} checked`)),
    ];
}

function notMonitored() {
    return h('span', { class: 'muted' }, 'not reported');
}

function named(process) {
    return [
        h('a', { href: page('processes', { process: process.id }) }, foreign(process.pod ?? process.host ?? process.id)),
        h(
            'span',
            { class: 'cell-note' },
            process.pod && process.host ? [foreign(process.host), ' · '] : '',
            process.processId ? `pid ${process.processId}` : '',
            process.node ? [' · node ', foreign(process.node)] : '',
        ),
    ];
}

function processState(process) {
    switch (process.status) {
        case 'live':
            return process.isStarved
                ? state('attention', 'starved')
                : process.state === 'starting'
                  ? state('info', 'starting')
                  : process.state === 'running'
                    ? state('well', 'live')
                    : state('unknown', process.state);
        case 'silent':
            return state('attention', `silent for ${duration(process.ageSeconds ?? 0)}`);
        case 'ended':
            return state('info', 'ended');
        default:
            return state('unknown', 'no report');
    }
}

function hash(process, name, value) {
    return value ? [code(value), process.differs?.includes(name) ? [' ', state('attention', 'differs')] : ''] : unknown(null);
}

function later(action) {
    let timer = null;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(action, 300);
    };
}
