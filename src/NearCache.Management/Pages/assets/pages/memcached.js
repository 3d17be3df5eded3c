import { get, page, parameter } from '../api.js';
import { h, fill, foreign, code, redraw } from '../dom.js';
import { bytes, duration, number, percent, unknown } from '../format.js';
import { keepFresh } from '../fresh.js';
import { facts, maybe, part, processLink, state, tile, valueOf } from '../parts.js';
import { isLeaking, serverState } from './overview.js';
import { table } from '../table.js';

/** The memcached servers, or one of them with the owners of its connections. */
export async function show(app) {
    const name = parameter('server');
    await (name === null ? all(app) : one(app, name));
}

async function all(app) {
    const { main } = app;
    const list = table(
        'memcached servers',
        [
            {
                title: 'Server',
                head: true,
                sort: row => row.name,
                cell: row => [
                    h('a', { href: page('memcached', { server: row.name }) }, code(row.name)),
                    h('span', { class: 'cell-note' }, 'identity ', identity(row)),
                ],
            },
            { title: 'State', sort: row => row.state, cell: row => serverState(row) },
            { title: 'Version', cell: row => part(row.statistics, each => maybe(each.version, foreign)) },
            {
                title: 'Up',
                figure: true,
                sort: row => valueOf(row.statistics)?.uptimeSeconds,
                cell: row => statistic(row, each => maybe(each.uptimeSeconds, duration)),
            },
            { title: 'Memory', figure: true, sort: row => valueOf(row.statistics)?.bytes, cell: row => statistic(row, memory) },
            {
                title: 'Evictions /s',
                figure: true,
                sort: row => valueOf(row.statistics)?.evictionsPerSecond,
                cell: row => statistic(row, each => maybe(each.evictionsPerSecond)),
            },
            {
                title: 'Hit ratio',
                figure: true,
                sort: row => valueOf(row.statistics)?.hitRatio,
                cell: row => statistic(row, each => maybe(each.hitRatio, percent)),
            },
            {
                title: 'Connections',
                figure: true,
                sort: row => valueOf(row.statistics)?.connections,
                cell: row =>
                    statistic(row, each => [
                        maybe(each.connections),
                        h('span', { class: 'cell-note' }, 'of at most ', maybe(each.maxConnections)),
                    ]),
            },
            { title: 'Expected', figure: true, sort: row => valueOf(row.expected), cell: row => part(row.expected) },
            { title: 'Unaccounted', figure: true, sort: row => valueOf(row.unaccounted), cell: row => unaccounted(row) },
        ],
        [],
        {
            empty: 'No memcached server is configured.',
            rowClass: row => ({ down: 'bad', unknown: 'unknownrow' })[row.state] ?? (isLeaking(row) ? 'attention' : null),
        },
    );
    const read = async () => list.show((await get('memcached')).servers);
    fill(
        main,
        h('h1', null, 'memcached'),
        h(
            'p',
            { class: 'muted' },
            'What each server says of itself, and the connections that the processes report. A server lists its connections on demand: choose it.',
        ),
        h('section', null, list),
    );
    await read();
    keepFresh(app, read);
}

async function one(app, name) {
    const { main } = app;
    const body = h('div');
    const owners = h('section', { 'aria-labelledby': 'owners-title' });
    fill(main, h('p', { class: 'small' }, h('a', { href: page('memcached') }, '‹ All servers')), body, owners);
    const read = async () => {
        const server = (await get('memcached')).servers.find(each => each.name === name);
        redraw(body, () =>
            fill(body, server ? serverView(server) : [h('h1', null, code(name)), h('p', null, 'No such server is configured.')]),
        );
    };
    await read();
    keepFresh(app, read);
    await connections(owners, name);
}

function serverView(server) {
    const settings = valueOf(server.settings);
    return [
        h('h1', null, code(server.name), ' ', serverState(server)),
        server.problem ? h('div', { class: 'warning' }, foreign(server.problem)) : null,
        valueOf(server.statistics) === null ? h('p', null, 'Its statistics are ', part(server.statistics), '.') : null,
        h(
            'ul',
            { class: 'figures' },
            tile(
                'Connections',
                statistic(server, each => maybe(each.connections)),
                { beside: ['of at most ', statistic(server, each => maybe(each.maxConnections))] },
            ),
            tile('Expected', part(server.expected), { beside: 'reported by processes' }),
            tile('Unaccounted', unaccounted(server), { level: isLeaking(server) ? 'attention' : null }),
            tile(
                'Refused connections',
                statistic(server, each => maybe(each.rejectedConnections)),
                { beside: 'since it started' },
            ),
            tile('Memory', statistic(server, memory)),
            tile(
                'Evictions',
                statistic(server, each => [maybe(each.evictionsPerSecond), h('span', { class: 'unit' }, ' /s')]),
                { beside: statistic(server, each => [maybe(each.evictions), ' since it started']) },
            ),
            tile(
                'Hit ratio',
                statistic(server, each => maybe(each.hitRatio, percent)),
                { beside: 'of all clients, since it started' },
            ),
            tile(
                'Items',
                statistic(server, each => maybe(each.items)),
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'The server'),
            facts([
                ['Identity', identity(server)],
                ['Version', part(server.statistics, each => maybe(each.version, foreign))],
                ['Up', part(server.statistics, each => maybe(each.uptimeSeconds, duration))],
                [
                    'Idle timeout',
                    settings === null
                        ? part(server.settings)
                        : maybe(settings.idleTimeoutSeconds, value => (value > 0 ? duration(value) : 'none')),
                ],
                ['Largest item', settings === null ? unknown(null) : maybe(settings.maxItemBytes, bytes)],
                ['Threads', settings === null ? unknown(null) : maybe(settings.threads)],
                [
                    'Counters of the namespace',
                    part(server.namespace, each =>
                        each.writes === null || each.writes === undefined ? 'none: nothing is kept near from this server yet' : 'present',
                    ),
                ],
                [
                    'Prefix of keys',
                    part(server.namespace, each =>
                        each.keyPrefix === null || each.keyPrefix === undefined
                            ? unknown(null)
                            : each.keyPrefix === ''
                              ? 'none'
                              : code(each.keyPrefix),
                    ),
                ],
                ['Rules', part(server.namespace, each => (each.hasRules ? 'carried' : 'not carried'))],
                [
                    'Reports of processes',
                    part(server.reports, each => [
                        number(each.reports),
                        each.unreadable > 0 ? `, ${each.unreadable} that cannot be read` : '',
                        each.problem ? [', ', foreign(each.problem)] : '',
                    ]),
                ],
            ]),
        ),
    ];
}

// The list occupies a thread of the server, so it is asked for once, and not again with each reading.
async function connections(section, name) {
    fill(section, h('h2', { id: 'owners-title' }, 'Owners of its connections'), h('p', { role: 'status' }, 'Asking the server…'));
    const again = h('button', { type: 'button', onclick: () => connections(section, name) }, 'Ask again');
    let observed;
    try {
        observed = await get('memcached/connections', { server: name });
    } catch (e) {
        observed = { unknown: e.message };
    }
    const found = valueOf(observed);
    if (found === null) {
        fill(
            section,
            h('h2', { id: 'owners-title' }, 'Owners of its connections'),
            h('p', null, 'The owners are ', part(observed), '.'),
            h('div', { class: 'actions' }, again),
        );
        return;
    }
    fill(
        section,
        h(
            'div',
            { class: 'heading' },
            h('h2', { id: 'owners-title' }, 'Owners of its connections'),
            h(
                'div',
                { class: 'actions' },
                h(
                    'span',
                    { class: 'muted small' },
                    found.ageSeconds === undefined
                        ? 'listed at most every 30 s'
                        : `listed ${duration(found.ageSeconds)} ago, at most every 30 s`,
                ),
                again,
            ),
        ),
        h('p', null, foreign(found.sentence)),
        table(
            'Owners of connections',
            [
                {
                    title: 'Owner',
                    head: true,
                    sort: owner => owner.name,
                    cell: owner => [
                        owner.processes.length === 0
                            ? foreign(owner.name)
                            : owner.processes.slice(0, 8).map((process, i) => [i > 0 ? ', ' : '', processLink(process)]),
                        owner.processes.length > 8 ? ` and ${owner.processes.length - 8} more` : '',
                    ],
                },
                { title: 'Kind', cell: owner => ownerKind(owner) },
                {
                    title: 'Address',
                    cell: owner => [
                        code(owner.address),
                        owner.node ? h('span', { class: 'cell-note' }, 'node ', foreign(owner.node)) : null,
                    ],
                },
                { title: 'Expected', figure: true, sort: owner => owner.expected, cell: owner => number(owner.expected) },
                { title: 'Seen', figure: true, sort: owner => owner.seen, cell: owner => number(owner.seen) },
                {
                    title: 'Unaccounted',
                    figure: true,
                    sort: owner => owner.unaccounted,
                    cell: owner => (owner.unaccounted > 0 ? state('attention', number(owner.unaccounted)) : '0'),
                },
                {
                    title: 'Longest idle',
                    figure: true,
                    sort: owner => owner.longestIdleSeconds,
                    cell: owner => maybe(owner.longestIdleSeconds, duration),
                },
            ],
            found.owners,
            {
                sortBy: 5,
                search: owner => [owner.name, owner.address, owner.node, ...owner.processes.map(each => `${each.host} ${each.pod}`)].join(' '),
                empty: found.isListed ? 'It has no connection.' : 'The server does not list its connections.',
                rowClass: owner => (owner.unaccounted > 0 ? 'attention' : null),
            },
        ),
        found.notSeen.length === 0
            ? null
            : [
                  h('h3', null, 'Processes that report connections which the server does not list'),
                  h(
                      'ul',
                      null,
                      found.notSeen.slice(0, 50).map(process => h('li', null, processLink(process))),
                  ),
              ],
        found.connections.length === 0
            ? null
            : h(
                  'details',
                  { 'data-key': 'connections' },
                  h('summary', null, `Its connections, one by one (${number(found.connectionsTotal)})`),
                  found.connectionsTotal > found.connections.length
                      ? h('p', { class: 'muted' }, `The first ${found.connections.length} are shown.`)
                      : null,
                  table(
                      'Connections',
                      [
                          {
                              title: 'From',
                              head: true,
                              sort: each => `${each.address}:${each.port}`,
                              cell: each => code(each.port ? `${each.address}:${each.port}` : each.address),
                          },
                          { title: 'State', cell: each => foreign(each.state) },
                          { title: 'Idle', figure: true, sort: each => each.idleSeconds, cell: each => duration(each.idleSeconds) },
                          {
                              title: 'Owner',
                              cell: each =>
                                  each.reportedBy
                                      ? h('a', { href: page('processes', { process: each.reportedBy }) }, 'reported')
                                      : (kinds[each.kind] ?? foreign(each.kind)),
                          },
                      ],
                      found.connections,
                  ),
              ),
    );
}

const kinds = {
    process: 'one process',
    address: 'processes of one address',
    node: 'processes of a node',
    unreported: 'an address that no process reports',
    foreign: "not NearCache's",
};

function ownerKind(owner) {
    return owner.kind === 'foreign' || owner.kind === 'unreported'
        ? state('attention', kinds[owner.kind])
        : (kinds[owner.kind] ?? foreign(owner.kind));
}

function unaccounted(row) {
    return part(row.unaccounted, value => (isLeaking(row) ? state('attention', number(value)) : number(value)));
}

function statistic(row, show) {
    return part(row.statistics, show, { brief: true });
}

function memory(each) {
    return each.maxBytes && each.bytes !== null && each.bytes !== undefined
        ? [percent(each.bytes / each.maxBytes), h('span', { class: 'cell-note' }, `of ${bytes(each.maxBytes)}`)]
        : maybe(each.bytes, bytes);
}

// The mark that the first process of the namespace left there: two names with one identity are one server.
function identity(row) {
    return part(row.namespace, each => (each.identity ? code(each.identity) : 'none: no process has kept anything near from it'), {
        brief: true,
    });
}
