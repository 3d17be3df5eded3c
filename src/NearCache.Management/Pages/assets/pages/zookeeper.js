import { get, post } from '../api.js';
import { h, add, fill, foreign, code, redraw } from '../dom.js';
import { ago, bytes, number } from '../format.js';
import { keepFresh } from '../fresh.js';
import { operate } from '../operation.js';
import { facts, figure, maybe, part, perSecond, processLink, ruleLink, state, tile, valueOf, withoutPast } from '../parts.js';
import { table } from '../table.js';

/** The ensemble: what is ours, the budget, and what is beside us. */
export async function show(app) {
    const { main } = app;
    const body = h('div');
    fill(main, h('h1', null, 'ZooKeeper'), body);
    const found = await get('zookeeper');
    if (found === null) {
        add(
            body,
            h(
                'p',
                { class: 'note' },
                'No ZooKeeper is configured. Near caching rests on the counters of memcached alone: changes take about a second to arrive, and rules are those of the configuration.',
            ),
        );
        return;
    }
    main.append(announcers(), tenants(), cleaner(app));
    const draw = answer => redraw(body, () => fill(body, ensemble(answer)));
    draw(found);
    keepFresh(app, async () => draw(await get('zookeeper')));
}

function ensemble(found) {
    const ours = valueOf(found.transactionsPerSecond?.now);
    return [
        h(
            'ul',
            { class: 'figures' },
            figure('Our transactions', '#announcers-title', found.transactionsPerSecond, {
                show: perSecond,
                beside: ['budget ', maybe(found.budgetPerSecond), ' /s'],
                level: ours > found.budgetPerSecond ? 'bad' : null,
            }),
            figure("All clients' transactions", '#tenants-title', found.ensembleTransactionsPerSecond, { show: perSecond }),
            figure('znodes of all clients', '#tenants-title', found.nodes),
            tile('Session of the console', foreign(found.session)),
        ),
        withoutPast(found.transactionsPerSecond),
        h(
            'section',
            null,
            h('h2', null, 'Servers of the ensemble'),
            table(
                'Servers of the ensemble',
                [
                    { title: 'Server', head: true, cell: row => code(row.name) },
                    { title: 'Mode', cell: row => part(row.status, each => state('well', each.mode)) },
                    { title: 'Version', cell: row => status(row, each => maybe(each.version, foreign)) },
                    { title: 'znodes', figure: true, cell: row => status(row, each => maybe(each.nodes)) },
                    { title: 'Connections', figure: true, cell: row => part(row.connections, number, { brief: true }) },
                    { title: 'Waiting', figure: true, cell: row => status(row, each => maybe(each.outstanding)) },
                    {
                        title: 'Latency, mean',
                        figure: true,
                        cell: row => status(row, each => maybe(each.meanLatencyMilliseconds, value => `${number(value)} ms`)),
                    },
                    {
                        title: 'Longest',
                        figure: true,
                        cell: row => status(row, each => maybe(each.longestLatencyMilliseconds, value => `${number(value)} ms`)),
                    },
                    {
                        title: 'Figures (mntr)',
                        cell: row =>
                            part(row.monitor, each =>
                                h(
                                    'details',
                                    { 'data-key': `monitor-${row.name}` },
                                    h('summary', null, `${Object.keys(each).length} figures`),
                                    facts(Object.entries(each).map(([name, value]) => [code(name), foreign(value)])),
                                ),
                            ),
                    },
                ],
                found.servers,
                { rowClass: row => (valueOf(row.status) === null ? 'unknownrow' : null) },
            ),
        ),
        h('section', null, h('h2', null, 'The namespace'), subtree(found)),
        h(
            'section',
            null,
            h('h2', null, 'Rules that announce most'),
            table(
                'Rules that announce most',
                [
                    { title: 'Rule', head: true, cell: row => ruleLink(row.rule) },
                    {
                        title: 'Announced /s',
                        figure: true,
                        sort: row => row.announcementsPerSecond,
                        cell: row => number(row.announcementsPerSecond),
                    },
                ],
                found.mostAnnounced ?? [],
                { sortBy: 1, size: 10, empty: 'No rule announces.' },
            ),
        ),
    ];
}

function subtree(found) {
    const tree = valueOf(found.subtree);
    return tree === null
        ? h('p', null, 'The nodes of the namespace are ', part(found.subtree), '.')
        : facts([
              [
                  'Nodes',
                  tree.missing.length === 0
                      ? state('well', 'all present')
                      : [
                            state('bad', `${tree.missing.length} missing`),
                            ': ',
                            tree.missing.map((path, i) => [i > 0 ? ', ' : '', code(path)]),
                        ],
              ],
              ['Members', number(tree.members)],
              ['Leftovers', tree.leftovers > 0 ? state('attention', `${number(tree.leftovers)} of other layouts`) : 'none'],
              ['Registry', [maybe(tree.registryBytes, bytes), ', written ', maybe(tree.registryWrites), ' times']],
              ['Slots', [`${tree.slotWrites.length}, written `, tree.slotWrites.map(number).join(', '), ' times']],
              ['Quota', part(tree.quota, quota => (quota.limits ? [code(quota.limits), ', used ', maybe(quota.used, code)] : 'none'))],
              ['Format', maybe(tree.format, String)],
              ['Chroot', found.chroot ? code(found.chroot) : 'none'],
          ]);
}

// Reads the long reports of at most 50 processes, so only when it is asked for.
function announcers() {
    return demanded(
        'announcers',
        'Processes that announce most',
        'Which processes announce most is read from their long reports, at most 50 of them.',
        'Read them',
        async () => {
            const found = await get('zookeeper/announcers');
            return [
                found.asked < found.of ? h('p', { class: 'muted' }, `${found.asked} of ${found.of} processes were asked.`) : null,
                table(
                    'Processes that announce most',
                    [
                        { title: 'Process', head: true, cell: processLink },
                        { title: 'Announcements', figure: true, sort: row => row.announcements, cell: row => number(row.announcements) },
                        { title: 'Allowed /s', figure: true, cell: row => maybe(row.announcementsPerSecond) },
                        { title: 'Waiting keys', figure: true, sort: row => row.waiting, cell: row => maybe(row.waiting) },
                        {
                            title: 'Refused by a quota',
                            figure: true,
                            sort: row => row.quotaRefusals,
                            cell: row => maybe(row.quotaRefusals),
                        },
                    ],
                    found.processes,
                    { sortBy: 1, empty: 'No process reports announcements.' },
                ),
            ];
        },
    );
}

function tenants() {
    return demanded(
        'tenants',
        'Beside us in the ensemble',
        'Other namespaces, and other applications at the root of the ensemble. What is below them is never listed.',
        'Look',
        async () => {
            const found = await get('zookeeper/tenants');
            const others = valueOf(found.coTenants);
            return [
                h('h3', null, 'Namespaces of NearCache'),
                part(found.namespaces, all =>
                    table(
                        'Namespaces',
                        [
                            { title: 'Namespace', head: true, cell: row => [code(row.name), row.isOwn ? ' (this one)' : ''] },
                            {
                                title: 'Members',
                                figure: true,
                                sort: row => valueOf(row.members),
                                cell: row =>
                                    part(row.members, count =>
                                        count > 0 ? number(count) : state('attention', '0, a leftover or switched off'),
                                    ),
                            },
                            { title: 'Joins and leaves', figure: true, cell: row => part(row.joinsAndLeaves) },
                            { title: 'Created', cell: row => part(row.createdAt, time => ago(time)) },
                        ],
                        all,
                    ),
                ),
                h('h3', null, 'Other applications'),
                others === null
                    ? h('p', null, part(found.coTenants))
                    : [
                          table(
                              'Other applications',
                              [
                                  { title: 'Name', head: true, cell: row => code(row.path) },
                                  { title: 'Product', cell: row => (row.product ? foreign(row.product) : 'not known') },
                                  {
                                      title: 'Direct children',
                                      figure: true,
                                      sort: row => valueOf(row.children),
                                      cell: row => part(row.children),
                                  },
                                  {
                                      title: 'Created or deleted',
                                      figure: true,
                                      sort: row => valueOf(row.changes),
                                      cell: row => part(row.changes),
                                  },
                              ],
                              others.names,
                              { empty: 'There are none.' },
                          ),
                          others.count > others.names.length
                              ? h('p', { class: 'muted' }, `${others.names.length} of ${others.count} names are shown.`)
                              : null,
                      ],
            ];
        },
    );
}

// The cleaner of leftovers: counting, and then removing what was counted.
function cleaner(app) {
    const body = h('div');
    const section = h(
        'section',
        { 'aria-labelledby': 'cleaner-title' },
        h('h2', { id: 'cleaner-title' }, 'Leftovers and the cleaner'),
        h('p', { class: 'muted' }, 'Nodes of other layouts below the namespace. They are counted and removed at a limited rate.'),
        body,
    );
    watch();
    return section;

    async function watch() {
        for (;;) {
            let found;
            try {
                found = await get('zookeeper/cleaner');
            } catch (e) {
                fill(body, h('p', null, 'The cleaner is ', part({ unknown: e.message }), '.'));
                return;
            }
            redraw(body, () => fill(body, view(found)));
            if (found.state !== 'counting' && found.state !== 'cleaning') {
                return;
            }
            await new Promise(resolve => setTimeout(resolve, 1000));
            if (!body.isConnected) {
                return;
            }
        }
    }

    function view(found) {
        const isBusy = found.state === 'counting' || found.state === 'cleaning';
        const isCounted = found.state === 'done' && found.leftovers > 0;
        return [
            h(
                'p',
                { role: 'status' },
                {
                    idle: 'Not counted yet.',
                    counting: '… Counting',
                    cleaning: '… Removing',
                    done: state('well', 'Done'),
                    failed: state('bad', 'Failed'),
                }[found.state] ?? foreign(found.state),
                found.problem ? [': ', foreign(found.problem)] : '',
            ),
            found.state === 'idle'
                ? null
                : facts([
                      ['Leftovers', maybe(found.leftovers)],
                      ['Removed', maybe(found.removed)],
                      ['Of living processes', maybe(found.alive)],
                      ['Too young', maybe(found.young)],
                      ['Transactions', maybe(found.transactions)],
                  ]),
            app.can('operate')
                ? h(
                      'div',
                      { class: 'actions' },
                      h('button', { type: 'button', 'data-key': 'count', disabled: isBusy, onclick: count }, 'Count them'),
                      isCounted
                          ? h(
                                'button',
                                { type: 'button', class: 'danger', 'data-key': 'clean', onclick: () => clean(found) },
                                'Remove them…',
                            )
                          : null,
                  )
                : null,
        ];
    }

    async function count() {
        try {
            await post('zookeeper/leftovers');
            await watch();
        } catch (e) {
            fill(body, h('div', { class: 'error', role: 'alert' }, foreign(e.message)));
        }
    }

    function clean(found) {
        operate({
            title: 'Remove leftovers from ZooKeeper',
            preview: async () => ({
                confirm: app.context.namespace,
                effects: [
                    `${number(found.leftovers)} nodes of other layouts are removed, at a limited rate. What belongs to the present layout or to a living process stays.`,
                ],
            }),
            action: 'Remove them',
            danger: true,
            submit: async reason => {
                await post('zookeeper/clean', { confirm: app.context.namespace, reason });
            },
            done: watch,
        });
    }
}

function demanded(id, title, meaning, action, read) {
    const body = h('div');
    const button = h('button', { type: 'button', onclick: ask }, action);
    return h(
        'section',
        { 'aria-labelledby': `${id}-title` },
        h('h2', { id: `${id}-title` }, title),
        h('p', { class: 'muted' }, meaning),
        h('div', { class: 'actions' }, button),
        body,
    );

    async function ask() {
        button.disabled = true;
        fill(body, h('p', { role: 'status' }, 'Reading…'));
        try {
            fill(body, await read());
        } catch (e) {
            fill(body, h('div', { class: 'error', role: 'alert' }, foreign(e.message)));
        }
        button.disabled = false;
        button.textContent = 'Read again';
    }
}

function status(row, show) {
    return part(row.status, show, { brief: true });
}
