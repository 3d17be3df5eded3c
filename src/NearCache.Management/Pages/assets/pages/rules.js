import { get, page, parameter } from '../api.js';
import { h, fill, foreign, code, redraw } from '../dom.js';
import { ago, bytes, number, unknown } from '../format.js';
import { keepFresh } from '../fresh.js';
import { author, maybe, part, reason, state, stopText, tile, valueOf } from '../parts.js';
import { differences, forceDialog, removeDialog, ruleDialog, settingsOf, undoDialog } from '../ruleform.js';
import { resumeDialog, stopDialog } from '../stops.js';
import { table } from '../table.js';

const states = {
    on: ['well', 'on', 'Its keys are kept near.'],
    dryRun: ['info', 'dry run', 'It keeps nothing near. The figures are what it would do; near reads are estimated.'],
    disabled: ['info', 'disabled', 'Its keys are not kept near.'],
    stopped: ['attention', 'stopped', 'A stop ends near reads by this rule in every process.'],
    suspended: [
        'bad',
        'suspended',
        'Its keys are written too fast: no process announces its writes. Near reads go on, and changes take about a second.',
    ],
    trial: ['attention', 'on trial', 'After a suspension a few of its writes are announced, until it is certain that they stay slow.'],
};

// The states that need a look come first.
const severities = ['disabled', 'dryRun', 'on', 'trial', 'stopped', 'suspended'];

/** All rules with their use, or one of them with everything that can be done to it. */
export async function show(app) {
    const name = parameter('rule');
    const [found, history] = await Promise.all([get('rules'), get('rules/history').catch(e => ({ edits: null, problem: e.message }))]);
    if (name === null) {
        all(app, found, history);
    } else {
        one(app, name, found, history);
    }
}

// What may have changed is read again: at most once in five seconds, with the summary, and at once after an operation. The history is read
// when the revision is another one.
function following(app, draw, drawHistory, first) {
    let revision = valueOf(first.revision);
    return keepFresh(app, async () => {
        const found = await get('rules');
        draw(found);
        if (valueOf(found.revision) !== revision) {
            drawHistory(await get('rules/history'));
            revision = valueOf(found.revision);
        }
    });
}

function all(app, first, history) {
    const { main } = app;
    const problem = h('div');
    let rooms = null;
    let shown = [];
    const list = table(
        'Rules',
        [
            {
                title: 'Rule',
                head: true,
                sort: rule => rule.settings.name,
                cell: rule => [
                    h('a', { href: page('rules', { rule: rule.settings.name }) }, code(rule.settings.name)),
                    h('span', { class: 'cell-note' }, code(rule.settings.match)),
                ],
            },
            { title: 'State', sort: rule => severities.indexOf(rule.state), cell: rule => ruleState(rule) },
            use('Near hits /s', 'nearHitsPerSecond'),
            use('memcached reads /s', 'remoteReadsPerSecond'),
            use('Writes /s', 'writesPerSecond'),
            {
                title: 'Hits per write',
                figure: true,
                sort: rule => valueOf(rule.usage)?.hitsPerWrite,
                cell: rule => part(rule.usage, hitsPerWrite, { brief: true }),
            },
            use('Announced /s', 'announcementsPerSecond'),
            {
                title: 'Room',
                sort: rule => roomOf(rooms, rule)?.nearBytes,
                cell: rule => [occupied(rooms, rule), h('span', { class: 'cell-note' }, limitOf(rule.settings))],
            },
            {
                title: 'Last edit',
                cell: rule =>
                    rule.lastEdit
                        ? [ago(rule.lastEdit.at), h('span', { class: 'cell-note' }, author(rule.lastEdit.who, rule.lastEdit.isVerified))]
                        : '',
            },
        ],
        [],
        {
            sortBy: 1,
            search: rule => `${rule.settings.name} ${rule.settings.match}`,
            empty: 'There is no rule: nothing is kept near.',
            rowClass: rule => ({ suspended: 'bad', stopped: 'attention', trial: 'attention' })[rule.state] ?? null,
        },
    );
    const carried = h('section', { 'aria-labelledby': 'carried-title' });
    const edits = h('section', { 'aria-labelledby': 'history-title' });
    const again = following(app, draw, drawHistory, first);
    fill(
        main,
        h(
            'div',
            { class: 'heading' },
            h('h1', null, 'Rules'),
            h(
                'div',
                { class: 'actions' },
                app.can('operate')
                    ? h(
                          'button',
                          { type: 'button', class: 'main', disabled: Boolean(first.cannotEdit), onclick: () => ruleDialog(null, null, again) },
                          'Add a rule…',
                      )
                    : null,
                h('a', { href: page('stop') }, 'Stop near caching ›'),
            ),
        ),
        problem,
        h('section', null, list),
        h(
            'p',
            { class: 'muted small' },
            'Figures per second over the last minute, of all processes. A rule with few hits for each write is not worth its cost.',
        ),
        app.has('hotKeys') ? h('p', null, h('a', { href: page('hot') }, 'Proposals for rules, from the hottest keys ›')) : null,
        carried,
        edits,
    );
    draw(first);
    drawHistory(history);
    readRooms().then(found => {
        rooms = found;
        list.show(shown);
    });

    function drawHistory(answer) {
        fill(edits, h('h2', { id: 'history-title' }, 'The last edits'), historyList(app, answer, again));
    }

    function draw(found) {
        shown = valueOf(found.rules) ?? [];
        fill(
            problem,
            valueOf(found.rules) === null ? h('div', { class: 'error' }, 'The rules are ', part(found.rules), '.') : null,
            found.cannotEdit ? h('div', { class: 'note' }, 'Rules cannot be edited here: ', foreign(found.cannotEdit)) : null,
            (valueOf(found.stops) ?? [])
                .filter(stop => stop.rule === null || stop.rule === undefined)
                .map(stop => h('div', { class: 'warning' }, h('strong', null, '! '), stopText(stop))),
        );
        list.show(shown);
        list.hidden = valueOf(found.rules) === null;
        redraw(carried, () =>
            fill(
                carried,
                h('h2', { id: 'carried-title' }, 'Where the rules are known'),
                h('p', null, 'The registry has revision ', part(found.revision, String), '.'),
                found.servers.length === 0
                    ? null
                    : table(
                          'Rules on memcached servers',
                          [
                              {
                                  title: 'Server',
                                  head: true,
                                  cell: row => h('a', { href: page('memcached', { server: row.server }) }, code(row.server)),
                              },
                              {
                                  title: 'Carries revision',
                                  figure: true,
                                  cell: row => part(row.carried, each => maybe(each.revision, String)),
                              },
                              {
                                  title: 'Settled',
                                  figure: true,
                                  cell: row => part(row.carried, each => maybe(each.settledRevision, String), { brief: true }),
                              },
                              { title: 'Stops', figure: true, cell: row => part(row.carried, each => each.stops, { brief: true }) },
                          ],
                          found.servers,
                      ),
            ),
        );
    }
}

function one(app, name, first, history) {
    const { main } = app;
    let rooms = null;
    let last = first;
    const body = h('div');
    const edits = h('section', { 'aria-labelledby': 'history-title' });
    const again = following(app, draw, drawHistory, first);
    fill(main, h('p', { class: 'small' }, h('a', { href: page('rules') }, '‹ All rules')), body, edits);
    draw(first);
    drawHistory(history);
    readRooms().then(found => {
        rooms = found;
        draw(last);
    });

    function drawHistory(answer) {
        fill(edits, h('h2', { id: 'history-title' }, 'Edits of this rule'), historyList(app, answer, again, name));
    }

    function draw(found) {
        last = found;
        const rule = valueOf(found.rules)?.find(each => each.settings.name === name);
        redraw(body, () =>
            fill(
                body,
                rule
                    ? ruleView(app, rule, found, rooms, again)
                    : [
                          h('h1', null, 'Rule ', code(name)),
                          h(
                              'p',
                              null,
                              valueOf(found.rules) === null
                                  ? ['The rules are ', part(found.rules), '.']
                                  : 'There is no such rule. It may have been removed: the edits are below.',
                          ),
                      ],
            ),
        );
    }
}

function ruleView(app, rule, found, rooms, done) {
    const name = rule.settings.name;
    const [level, word, meaning] = states[rule.state] ?? ['unknown', rule.state, ''];
    const use = valueOf(rule.usage);
    return [
        h(
            'section',
            { class: `verdict ${level === 'info' ? '' : level}` },
            h('p', { class: 'small' }, state(level, word)),
            h('h1', null, 'Rule ', code(name)),
            h('p', null, meaning, ' It covers ', code(rule.settings.match), '.'),
            rule.suspension
                ? h(
                      'p',
                      null,
                      h('strong', null, 'Suspended'),
                      rule.suspension.since ? [' ', ago(rule.suspension.since)] : '',
                      ': ',
                      foreign(rule.suspension.why),
                      rule.suspension.trips > 1 ? ` It is suspension ${rule.suspension.trips} within the hour; the fifth puts a stop.` : '',
                  )
                : null,
            rule.stop ? h('p', null, stopText(rule.stop)) : null,
            rule.lastEdit
                ? h(
                      'p',
                      null,
                      'Last edited ',
                      ago(rule.lastEdit.at),
                      ' by ',
                      author(rule.lastEdit.who, rule.lastEdit.isVerified),
                      ': ',
                      reason(rule.lastEdit.why),
                  )
                : null,
            actions(app, rule, found, done),
        ),
        h(
            'ul',
            { class: 'figures' },
            useFigure(rule, rule.state === 'dryRun' ? 'Near hits it would have' : 'Near hits', 'nearHitsPerSecond'),
            useFigure(rule, 'Reads of memcached', 'remoteReadsPerSecond'),
            useFigure(
                rule,
                'Writes',
                'writesPerSecond',
                ['limit ', maybe(rule.limits?.fleetWritesPerSecond), ' /s, of one process ', maybe(rule.limits?.writesPerSecond), ' /s'],
                use !== null && rule.limits?.fleetWritesPerSecond && use.writesPerSecond > rule.limits.fleetWritesPerSecond ? 'bad' : null,
            ),
            useFigure(rule, 'Announced through ZooKeeper', 'announcementsPerSecond'),
            tile('Hits per write', part(rule.usage, hitsPerWrite)),
            tile('Room in all processes', occupied(rooms, rule), { beside: limitOf(rule.settings) }),
        ),
        h(
            'section',
            null,
            h('h2', null, 'Settings'),
            settingsOf(rule.settings),
            h('p', { class: 'muted small' }, `Match and state are those of revision ${rule.since}.`),
        ),
    ];
}

function actions(app, rule, found, done) {
    if (!app.can('operate')) {
        return h('p', { class: 'muted' }, 'You may look, but not operate.');
    }
    const name = rule.settings.name;
    const cannot = Boolean(found.cannotEdit);
    const button = (text, action, kind = null, disabled = cannot) =>
        h('button', { type: 'button', class: kind, 'data-key': text, disabled, onclick: action }, text);
    const force = (action, effects) => () => forceDialog(action, name, effects, done);
    return [
        h(
            'div',
            { class: 'actions' },
            rule.stop
                ? button('End the stop…', () => resumeDialog(app, [rule.stop], done), null, false)
                : rule.state === 'dryRun' || rule.state === 'disabled'
                  ? null
                  : button('Stop…', () => stopDialog(app, name, done), 'danger', false),
            rule.state === 'dryRun' ? button('Put in force…', force('promote', promotes), 'main') : null,
            rule.state === 'disabled' ? button('Enable…', force('enable', enables), 'main') : null,
            button('Edit…', () => ruleDialog(rule.settings, valueOf(found.revision), done)),
            rule.settings.enabled && rule.state !== 'dryRun' ? button('Disable…', force('disable', disables)) : null,
            button('Remove…', () => removeDialog(name, done)),
        ),
        cannot ? h('p', { class: 'muted' }, 'It cannot be edited here: ', foreign(found.cannotEdit)) : null,
    ];
}

function promotes(rule) {
    const limit = rule.limits?.fleetWritesPerSecond;
    return {
        effects: [
            h('span', null, 'Keys of ', code(rule.settings.match), ' are kept near in every process, after about one rule lease.'),
            h(
                'span',
                null,
                part(
                    rule.usage,
                    use =>
                        `By the dry run: ${number(use.nearHitsPerSecond)} near hits, ${number(use.remoteReadsPerSecond)} reads of memcached and ${number(use.writesPerSecond)} writes per second`,
                ),
                '.',
            ),
            limit
                ? `Refused if all processes write its keys more than ${number(limit)} times a second, or if it has been observed for less than 90 s.`
                : 'Refused while it has been observed for less than 90 s.',
        ],
        warnings:
            rule.usage?.value && limit && rule.usage.value.writesPerSecond > limit
                ? [`${number(rule.usage.value.writesPerSecond)} writes per second: it would be suspended.`]
                : [],
    };
}

function enables(rule) {
    return {
        effects: [
            h(
                'span',
                null,
                'Keys of ',
                code(rule.settings.match),
                ' are kept near in every process, after about one rule lease. What it would cost is not measured: a dry run would.',
            ),
        ],
    };
}

function disables(rule) {
    return {
        effects: [
            'Every process drops the entries of the rule, and reads its keys from memcached.',
            h(
                'span',
                null,
                'memcached then takes ',
                h(
                    'strong',
                    null,
                    part(rule.usage, use => `${number(use.nearHitsPerSecond)} more reads per second`),
                ),
                '.',
            ),
            'During an incident use a stop instead: it needs no ZooKeeper.',
        ],
    };
}

function historyList(app, { edits, problem }, done, name = null) {
    const shown = (edits ?? []).filter(
        edit =>
            name === null ||
            (edit.changes ?? []).some(change => change.name === name) ||
            edit.clearedStops.some(stop => stop.rule === name),
    );
    if (edits === null || edits === undefined) {
        return h('p', null, 'The history is ', part({ unknown: problem ?? '' }), '.');
    }
    return shown.length === 0
        ? h('p', { class: 'muted' }, 'None is recorded.')
        : h(
              'ol',
              { class: 'timeline' },
              shown.map(edit =>
                  h(
                      'li',
                      null,
                      h('div', { class: 'when' }, ago(edit.at), h('span', { class: 'cell-note' }, `revision ${edit.revision}`)),
                      h(
                          'div',
                          null,
                          h('p', null, author(edit.who, edit.isVerified), ': ', reason(edit.why)),
                          edit.changes === null || edit.changes === undefined
                              ? h('p', { class: 'muted' }, 'What it changed is not recorded.')
                              : edit.changes
                                    .filter(change => name === null || change.name === name)
                                    .map(change => [
                                        h(
                                            'p',
                                            null,
                                            verb(change),
                                            ' ',
                                            h('a', { href: page('rules', { rule: change.name }) }, code(change.name)),
                                            !change.before && change.after ? [' for ', code(change.after.match)] : '',
                                        ),
                                        change.before && change.after ? differences(change) : null,
                                    ]),
                          edit.clearedStops.map(stop => h('p', null, 'Ended: ', stopText(stop))),
                          app.can('operate') && edit.canUndo
                              ? h(
                                    'div',
                                    { class: 'actions' },
                                    h(
                                        'button',
                                        { type: 'button', 'data-key': `undo-${edit.revision}`, onclick: () => undoDialog(edit, done) },
                                        'Undo…',
                                    ),
                                )
                              : null,
                      ),
                  ),
              ),
          );
}

function verb(change) {
    return !change.before ? 'Added' : !change.after ? 'Removed' : 'Changed';
}

function ruleState(rule) {
    const [level, word] = states[rule.state] ?? ['unknown', rule.state];
    return state(level, word);
}

function hitsPerWrite(use) {
    return use.hitsPerWrite === null || use.hitsPerWrite === undefined ? 'no write' : number(use.hitsPerWrite);
}

function use(title, name) {
    return {
        title,
        figure: true,
        sort: rule => valueOf(rule.usage)?.[name],
        cell: rule => part(rule.usage, each => maybe(each[name]), { brief: true }),
    };
}

function useFigure(rule, label, name, beside = null, level = null) {
    return tile(
        label,
        part(rule.usage, each => [maybe(each[name]), h('span', { class: 'unit' }, ' /s')]),
        { beside, level },
    );
}

// From the long reports of processes, which are read once for a page.
function readRooms() {
    return get('rules/room').catch(e => ({ unknown: e.message }));
}

function roomOf(rooms, rule) {
    return valueOf(rooms)?.rules.find(each => each.rule === rule.settings.name) ?? null;
}

function occupied(rooms, rule) {
    const found = roomOf(rooms, rule);
    return rooms === null
        ? h('span', { class: 'muted' }, '…')
        : found === null
          ? unknown(rooms.unknown ?? 'no process reports it', { brief: true })
          : [bytes(found.nearBytes), h('span', { class: 'cell-note' }, `${number(found.nearEntries)} entries`)];
}

function limitOf(settings) {
    const parts = [
        settings.maxEntries ? `${number(settings.maxEntries)} entries` : null,
        settings.maxBytes ? bytes(settings.maxBytes) : null,
    ].filter(Boolean);
    return parts.length === 0 ? 'no limit of its own' : `limit of a process: ${parts.join(', ')}`;
}
