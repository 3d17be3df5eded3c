import { get, page } from '../api.js';
import { h, fill, foreign, code } from '../dom.js';
import { ago, bytes, milliseconds, number } from '../format.js';
import { author, maybe, part, ruleLink, state, valueOf } from '../parts.js';
import { removeDialog, forceDialog, ruleDialog } from '../ruleform.js';
import { pagedTable, table } from '../table.js';

const size = 50;
const natures = { lock: 'lock', session: 'session', counter: 'counter' };
const kinds = { addDryRun: 'Add a rule', promote: 'Put a dry run in force', remove: 'Remove a rule' };

/** The hottest keys of the fleet, and the rules that are proposed from them. Nothing happens by itself: a person decides. */
export async function show(app) {
    const { main } = app;
    const wanted = { offset: 0, limit: size, sort: 'remoteReads' };
    const proposals = h('div');
    const summary = h('div');
    const prefixes = h('div');
    const list = keyTable(wanted, drawKeys);
    const keys = h('section', { 'aria-labelledby': 'keys-title' }, h('h2', { id: 'keys-title' }, 'Keys'), list);
    const again = h('button', { type: 'button', onclick: draw }, 'Read again');
    fill(
        main,
        h('div', { class: 'heading' }, h('h1', null, 'Hot keys'), h('div', { class: 'actions' }, again)),
        proposals,
        summary,
        keys,
        prefixes,
    );
    await draw();

    async function draw() {
        again.disabled = true;
        const [advice] = await Promise.all([asked('proposals'), drawKeys()]);
        again.disabled = false;
        fill(
            proposals,
            h(
                'section',
                { 'aria-labelledby': 'proposals-title' },
                h('h2', { id: 'proposals-title' }, 'Proposals'),
                part(advice, found => proposed(app, found, draw)),
            ),
        );
    }

    async function drawKeys() {
        const answer = await asked('hot', wanted);
        const found = valueOf(answer);
        keys.hidden = found === null;
        if (found === null) {
            fill(summary, h('p', null, 'Hot keys are ', part(answer), '.'));
            fill(prefixes);
            return;
        }
        fill(summary, summed(found));
        fill(prefixes, prefixTable(found));
        list.draw({
            rows: found.keys,
            start: found.offset,
            size,
            total: found.total,
            column: list.columns.find(column => column.key === wanted.sort),
            isDescending: true,
        });
    }
}

async function asked(path, query) {
    try {
        return await get(path, query);
    } catch (e) {
        return { unknown: e.message };
    }
}

function summed(found) {
    return [
        h(
            'p',
            { class: 'muted' },
            `Of ${number(found.processes)} processes`,
            found.otherProcesses > 0 ? `; ${number(found.otherProcesses)} others report none` : '',
            '. Rates per second, decayed over a minute.',
        ),
        found.notes?.length
            ? h(
                  'ul',
                  null,
                  found.notes.map(note => h('li', null, state('unknown', note))),
              )
            : null,
    ];
}

// Sorted and paged by the console: of ten thousand keys, fifty are sent.
function keyTable(wanted, draw) {
    const rate = (title, key, name) => ({ title, key, figure: true, cell: row => number(row[name]) });
    const columns = [
        {
            title: 'Key',
            head: true,
            cell: row => (row.isHashed ? code(row.key) : h('a', { href: page('key', {}, { fragment: row.key }) }, code(row.key))),
        },
        {
            title: 'Rule',
            cell: row =>
                row.rule
                    ? ruleLink(row.rule)
                    : row.nature && natures[row.nature]
                      ? h('span', { class: 'muted' }, natures[row.nature])
                      : '',
        },
        rate('Near hits /s', 'nearHits', 'nearHitsPerSecond'),
        rate('memcached reads /s', 'remoteReads', 'remoteReadsPerSecond'),
        rate('Writes /s', 'writes', 'writesPerSecond'),
        { title: 'May be too high by', figure: true, cell: row => number(row.errorPerSecond) },
        { title: 'Mean size', figure: true, cell: row => maybe(row.meanBytes, bytes) },
        { title: 'Mean read', figure: true, cell: row => maybe(row.meanReadMilliseconds, milliseconds) },
        rate('Processes', 'processes', 'processes'),
    ];
    const view = pagedTable(
        'Hot keys',
        columns,
        { empty: 'No process reports a hot key.' },
        {
            isSortable: column => Boolean(column.key),
            sort(column) {
                Object.assign(wanted, { sort: column.key, offset: 0 });
                draw();
            },
            move(to) {
                wanted.offset = to;
                draw();
            },
        },
    );
    return Object.assign(view, { columns });
}

function prefixTable(found) {
    return found.prefixes.length === 0
        ? null
        : h(
              'section',
              { 'aria-labelledby': 'prefixes-title' },
              h('h2', { id: 'prefixes-title' }, 'Prefixes'),
              table(
                  'Hot prefixes',
                  [
                      { title: 'Prefix', head: true, sort: row => row.prefix, cell: row => code(`${row.prefix}*`) },
                      {
                          title: 'memcached reads /s',
                          figure: true,
                          sort: row => row.remoteReadsPerSecond,
                          cell: row => number(row.remoteReadsPerSecond),
                      },
                      {
                          title: 'Near could answer /s',
                          figure: true,
                          sort: row => row.savableReadsPerSecond,
                          cell: row => number(row.savableReadsPerSecond),
                      },
                      { title: 'Writes /s', figure: true, sort: row => row.writesPerSecond, cell: row => number(row.writesPerSecond) },
                      { title: 'Mean size', figure: true, sort: row => row.meanBytes, cell: row => maybe(row.meanBytes, bytes) },
                  ],
                  found.prefixes,
                  { sortBy: 1 },
              ),
          );
}

function proposed(app, found, done) {
    return [
        found.notes?.length
            ? h(
                  'ul',
                  null,
                  found.notes.map(note => h('li', { class: 'muted' }, foreign(note))),
              )
            : null,
        found.proposals.length === 0
            ? h('p', { class: 'muted' }, 'No rule is proposed.')
            : h(
                  'ol',
                  { class: 'timeline' },
                  found.proposals.map(each =>
                      h(
                          'li',
                          null,
                          h('div', { class: 'when' }, each.confidence ? [foreign(each.confidence), ' confidence'] : ''),
                          h(
                              'div',
                              null,
                              h(
                                  'p',
                                  null,
                                  h('strong', null, kinds[each.kind] ?? foreign(each.kind)),
                                  ': ',
                                  each.kind === 'addDryRun' ? code(each.keys) : ruleLink(each.rule),
                              ),
                              h('p', null, foreign(each.reason)),
                              h(
                                  'p',
                                  { class: 'muted' },
                                  `Saves ${number(each.savedReadsPerSecond)} reads per second; costs ${number(each.announcementsPerSecond)} of ${number(each.announcementBudget)} announcements per second and ${bytes(each.nearBytes)} in a process.`,
                              ),
                              each.edit
                                  ? h(
                                        'p',
                                        { class: 'muted' },
                                        'Last edited ',
                                        ago(each.edit.at),
                                        ' by ',
                                        author(each.edit.who, each.edit.isVerified),
                                    )
                                  : null,
                              action(app, each, done),
                          ),
                      ),
                  ),
              ),
        found.notProposed?.length
            ? h(
                  'details',
                  { 'data-key': 'not-proposed' },
                  h(
                      'summary',
                      null,
                      `Never proposed: ${found.notProposed.length} (locks, sessions, counters, keys that are written too often)`,
                  ),
                  table(
                      'Not proposed',
                      [
                          { title: 'Keys', head: true, cell: row => code(row.keys) },
                          { title: 'Why', cell: row => foreign(row.reason) },
                          { title: 'Reads /s', figure: true, sort: row => row.readsPerSecond, cell: row => number(row.readsPerSecond) },
                          { title: 'Writes /s', figure: true, sort: row => row.writesPerSecond, cell: row => number(row.writesPerSecond) },
                      ],
                      found.notProposed,
                      { sortBy: 3 },
                  ),
              )
            : null,
    ];
}

function action(app, each, done) {
    if (!app.can('operate')) {
        return null;
    }
    const button = (text, onclick) => h('div', { class: 'actions' }, h('button', { type: 'button', onclick }, text));
    switch (each.kind) {
        case 'addDryRun':
            return each.settings ? button('Add as a dry run…', () => ruleDialog(null, null, done, each.settings)) : null;
        case 'promote':
            return button('Put in force…', () => forceDialog('promote', each.rule, () => ({ effects: [each.reason] }), done));
        default:
            return button('Remove…', () => removeDialog(each.rule, done));
    }
}
