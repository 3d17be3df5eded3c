import { page, post } from '../api.js';
import { h, fill, foreign, code } from '../dom.js';
import { bytes, duration, unknown } from '../format.js';
import { field, operate } from '../operation.js';
import { facts, mark, maybe, part, ruleLink, state, trouble, valueOf } from '../parts.js';
import { table } from '../table.js';

/** One key: where it is, by which rule it is near or not, and which processes wrote it. The key stays behind the # of the address. */
export async function show(app) {
    const { main } = app;
    const answer = h('div', { 'aria-live': 'polite' });
    const input = h('input', { autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', required: true, value: fromAddress() });
    fill(
        main,
        h('h1', null, 'Key'),
        h(
            'section',
            null,
            h(
                'form',
                { onsubmit: ask },
                field('The key, as the application names it', input),
                h('div', { class: 'actions' }, h('button', { class: 'main' }, 'Why is it near, or not?')),
            ),
            h('p', { class: 'muted small' }, 'Looking changes nothing, and does not count as a read.'),
        ),
        answer,
    );
    addEventListener('hashchange', () => {
        if (fromAddress() !== input.value) {
            input.value = fromAddress();
            look();
        }
    });
    if (input.value !== '') {
        await look();
    }

    function ask(event) {
        event.preventDefault();
        if (fromAddress() !== input.value) {
            history.pushState(null, '', `#${encodeURIComponent(input.value)}`);
        }
        look();
    }

    async function look() {
        const key = input.value;
        if (key === '') {
            answer.replaceChildren();
            return;
        }
        fill(answer, h('p', { role: 'status' }, 'Looking…'));
        try {
            const observed = await post('key/why', { key });
            const found = valueOf(observed);
            fill(answer, found === null ? h('p', null, 'The diagnosis is ', part(observed), '.') : view(app, key, found, look));
        } catch (e) {
            fill(answer, trouble(e));
        }
    }
}

function fromAddress() {
    try {
        return decodeURIComponent(location.hash.slice(1));
    } catch {
        return location.hash.slice(1);
    }
}

function view(app, key, found, again) {
    const { rule, item } = found;
    return [
        h(
            'section',
            { 'aria-labelledby': 'key-title' },
            h('h2', { id: 'key-title' }, code(key)),
            h('p', null, foreign(found.summary)),
            listed(
                found.misses.map(miss => miss.text),
                'attention',
            ),
            listed(found.notes, 'info'),
            actions(app, key, again),
        ),
        h(
            'div',
            { class: 'grid' },
            h(
                'section',
                null,
                h('h2', null, 'Rule'),
                rule
                    ? facts([
                          ['Rule', ruleLink(rule.name)],
                          ['Match', code(rule.match)],
                          ['State', rule.isOn ? state('well', 'on') : state('attention', 'off')],
                          ['Near lifetime', duration(rule.nearLifetimeSeconds)],
                          ['Max staleness', duration(rule.maxStalenessSeconds)],
                          ['Why this rule', foreign(found.ruleReason)],
                      ])
                    : h('p', null, foreign(found.ruleReason)),
            ),
            h(
                'section',
                null,
                h('h2', null, 'Item on memcached'),
                facts([
                    [
                        'Server',
                        found.server
                            ? h('a', { href: page('memcached', { server: found.server }) }, code(found.server))
                            : unknown(found.refusal),
                    ],
                    ['Key there', found.physicalKey ? code(found.physicalKey) : unknown(found.refusal)],
                    [
                        'Item',
                        !item
                            ? unknown(found.refusal ?? 'it was not read')
                            : !item.exists
                              ? 'none'
                              : item.isPlaceholder
                                ? 'a placeholder: a process creates the value now'
                                : 'there',
                    ],
                    ...(item?.exists
                        ? [
                              ['Content', item.content ? foreign(item.content) : state('unknown', 'of another client or a newer format')],
                              ['Size', bytes(item.sizeBytes)],
                              [
                                  'Ends in',
                                  item.timeToLiveSeconds === null || item.timeToLiveSeconds === undefined
                                      ? 'unlimited'
                                      : duration(item.timeToLiveSeconds),
                              ],
                              ['Last read', maybe(item.lastAccessSeconds, value => `${duration(value)} ago`)],
                              ['CAS', code(item.cas)],
                          ]
                        : []),
                ]),
            ),
        ),
        h(
            'section',
            null,
            h('h2', null, 'Counted writes of the last minute'),
            table(
                'Writes',
                [
                    { title: 'Writer', head: true, cell: write => foreign(write.writer) },
                    { title: 'When', figure: true, sort: write => write.ageSeconds, cell: write => `${duration(write.ageSeconds)} ago` },
                ],
                found.writes,
                { empty: 'None. Writes of keys without a rule are not counted, and their writers are unknown.' },
            ),
            found.areWritesTruncated ? h('p', { class: 'muted' }, 'The server has more records of the last minute than were read.') : null,
        ),
        found.unknown.length > 0 ? h('section', null, h('h2', null, 'What could not be known'), listed(found.unknown, 'unknown')) : null,
        h('details', { class: 'card' }, h('summary', null, 'Everything that is known, as text'), h('pre', null, found.lines.map(lineOf))),
    ];
}

function listed(texts, level) {
    return texts.length === 0
        ? null
        : h(
              'ul',
              { class: 'findings' },
              texts.map(text => h('li', null, mark(level), foreign(text))),
          );
}

// Each line by itself, so that a hostile key cannot write lines of its own.
function lineOf(line) {
    return [foreign(line), h('br')];
}

function actions(app, key, again) {
    const button = (text, action, kind = null) => h('button', { type: 'button', class: kind, onclick: action }, text);
    return h(
        'div',
        { class: 'actions' },
        app.can('values') ? button('Read the value…', () => readValue(key)) : null,
        app.can('operate') ? button('Refresh…', () => refresh(key, again)) : null,
        app.can('operate') ? button('Remove…', () => remove(key, again), 'danger') : null,
        app.can('values') ? null : h('span', { class: 'muted small' }, 'Reading the value needs the values permission.'),
    );
}

function readValue(key) {
    operate({
        title: ['Read the value of ', code(key)],
        preview: async () => ({ effects: ['Nothing changes. Your name, the key and the reason are written to the log.'] }),
        action: 'Read the value',
        submit: async reason => {
            const observed = await post('key/value', { key, reason });
            const found = valueOf(observed);
            return found === null
                ? h('p', null, 'The value is ', part(observed), '.')
                : !found.exists
                  ? h('p', null, 'There is no item.')
                  : h(
                        'div',
                        null,
                        h('p', null, bytes(found.sizeBytes), found.isTruncated ? ', of which this is the beginning:' : ':'),
                        h(
                            'pre',
                            { class: 'note' },
                            typeof found.text === 'string'
                                ? found.text.split('\n').map(lineOf)
                                : found.base64
                                  ? code(found.base64)
                                  : 'empty',
                        ),
                    );
        },
    });
}

function refresh(key, again) {
    operate({
        title: ['Refresh ', code(key)],
        preview: async () => ({
            effects: ['Every process drops its near entry within about a second, and reads the item anew. The item on memcached stays.'],
        }),
        action: 'Refresh it',
        submit: async reason => {
            const result = await post('key/refresh', { key, reason });
            return h(
                'p',
                null,
                result.counted
                    ? state('well', 'Counted.')
                    : state('attention', 'Not counted: its server has no counters, so no process keeps its keys near.'),
            );
        },
        done: again,
    });
}

function remove(key, again) {
    operate({
        title: ['Remove ', code(key)],
        preview: async () => ({
            confirm: key,
            effects: [
                'The item is removed from memcached, and every process drops its near entry within about a second.',
                'The next read goes to the source.',
            ],
        }),
        action: 'Remove it',
        danger: true,
        submit: async reason => {
            const result = await post('key/remove', { key, reason });
            return h('p', null, state('well', 'Removed.'), result.existed ? '' : ' The item was not there.');
        },
        done: again,
    });
}
