import { get, page } from '../api.js';
import { h, fill, foreign, code } from '../dom.js';
import { ago, bytes, duration, number } from '../format.js';
import { author, maybe, part, ruleLink, state } from '../parts.js';
import { removeDialog, forceDialog, ruleDialog } from '../ruleform.js';
import { table } from '../table.js';

const natures = { lock: 'lock', session: 'session', counter: 'counter' };
const kinds = { addDryRun: 'Add a rule', promote: 'Put a dry run in force', remove: 'Remove a rule' };

/** The hottest keys of the fleet, and the rules that are proposed from them. Nothing happens by itself: a person decides. */
export async function show(app) {
    const { main } = app;
    const keys = h('div');
    const proposals = h('div');
    const again = h('button', { type: 'button', onclick: draw }, 'Read again');
    fill(main, h('div', { class: 'heading' }, h('h1', null, 'Hot keys'), h('div', { class: 'actions' }, again)), proposals, keys);
    await draw();

    async function draw() {
        again.disabled = true;
        const [hot, advice] = await Promise.all([
            app.has('hotKeys') ? asked('hot', { limit: 100 }) : null,
            app.has('hotKeys') ? asked('proposals') : null,
        ]);
        again.disabled = false;
        fill(
            proposals,
            advice === null
                ? null
                : h(
                      'section',
                      { 'aria-labelledby': 'proposals-title' },
                      h('h2', { id: 'proposals-title' }, 'Proposals'),
                      part(advice, found => proposed(app, found, draw)),
                  ),
        );
        fill(
            keys,
            hot === null ? h('p', { class: 'note' }, 'Hot keys are unknown: this console does not collect them.') : part(hot, hotKeys),
        );
    }
}

async function asked(path, query) {
    try {
        return await get(path, query);
    } catch (e) {
        return { unknown: e.message };
    }
}

function hotKeys(found) {
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
                  found.notes.map(note => h('li', null, state('unknown', foreign(note)))),
              )
            : null,
        h(
            'section',
            { 'aria-labelledby': 'keys-title' },
            h('h2', { id: 'keys-title' }, 'Keys'),
            table(
                'Hot keys',
                [
                    {
                        title: 'Key',
                        head: true,
                        sort: row => row.key,
                        cell: row =>
                            row.isHashed ? code(row.key) : h('a', { href: page('key', {}, { fragment: row.key }) }, code(row.key)),
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
                    ...rates(),
                    { title: 'May be too high by', figure: true, sort: row => row.errorPerSecond, cell: row => number(row.errorPerSecond) },
                    { title: 'Mean size', figure: true, sort: row => row.meanBytes, cell: row => maybe(row.meanBytes, bytes) },
                    {
                        title: 'Mean read',
                        figure: true,
                        sort: row => row.meanReadMilliseconds,
                        cell: row => maybe(row.meanReadMilliseconds, value => duration(value / 1000)),
                    },
                    { title: 'Processes', figure: true, sort: row => row.processes, cell: row => number(row.processes) },
                ],
                found.keys,
                { sortBy: 3, empty: 'No process reports a hot key.' },
            ),
        ),
        found.prefixes?.length
            ? h(
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
              )
            : null,
    ];
}

function rates() {
    return [
        { title: 'Near hits /s', figure: true, sort: row => row.nearHitsPerSecond, cell: row => number(row.nearHitsPerSecond) },
        { title: 'memcached reads /s', figure: true, sort: row => row.remoteReadsPerSecond, cell: row => number(row.remoteReadsPerSecond) },
        { title: 'Writes /s', figure: true, sort: row => row.writesPerSecond, cell: row => number(row.writesPerSecond) },
    ];
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
            return each.settings ? button('Add as a dry run…', () => ruleDialog(null, done, each.settings)) : null;
        case 'promote':
            return button('Put in force…', () => forceDialog('promote', each.rule, () => ({ effects: [each.reason] }), done));
        default:
            return button('Remove…', () => removeDialog(each.rule, done));
    }
}
