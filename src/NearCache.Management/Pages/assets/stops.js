import { get, page, post } from './api.js';
import { h, fill, foreign, code, redraw } from './dom.js';
import { ago, number } from './format.js';
import { operate } from './operation.js';
import { author, part, processLink, reason, state, stopText } from './parts.js';
import { table } from './table.js';

const often = 60;

/** Asks for a stop of a rule, or of all rules (null), puts it, and shows which processes obey. */
export function stopDialog(app, rule, done) {
    operate({
        title: rule === null ? 'Stop near caching by all rules' : ['Stop the rule ', code(rule)],
        preview: async () => {
            const found = await get('stop/preview', { rule });
            return {
                confirm: found.confirm,
                effects: [
                    h(
                        'span',
                        null,
                        rule === null
                            ? 'Every process stops reading near, also by rules that are added later, within about a second. '
                            : 'Every process stops reading near by this rule within about a second. ',
                        'Nothing is lost: values then come from memcached.',
                    ),
                    h(
                        'span',
                        null,
                        'memcached then takes ',
                        h(
                            'strong',
                            null,
                            part(found.remoteReadsPerSecond, value => `${number(value)} more reads per second`),
                        ),
                        '.',
                    ),
                    h('span', null, 'Processes that this concerns: ', part(found.processes), '.'),
                    'Writes are still counted. The stop lasts until it is ended here, by an edit with a reason.',
                ],
            };
        },
        action: rule === null ? 'Stop all rules' : 'Stop this rule',
        danger: true,
        submit: async (reason, found) => {
            const result = await post('stop', { rule, confirm: found.confirm, reason });
            return h(
                'div',
                null,
                h('p', null, state('well', 'Stopped.'), ' Stored in:'),
                h(
                    'ul',
                    null,
                    result.places.map(place =>
                        h(
                            'li',
                            null,
                            code(place.place),
                            ': ',
                            part(place.stored, stored =>
                                stored ? state('well', 'stored') : state('attention', 'not stored, processes carry it there'),
                            ),
                        ),
                    ),
                ),
                obedience(result.stop.id, result.obedience),
            );
        },
        done,
    });
}

/** Asks for every near entry of every process to be dropped. */
export function clearDialog(app) {
    operate({
        title: 'Drop all near entries',
        preview: async () => ({
            confirm: app.context.namespace,
            effects: [
                'Every process drops all its near entries within a few seconds, and keeps keys near again from then on.',
                'The next read of each key goes to memcached. Nothing is removed there.',
            ],
        }),
        action: 'Drop them',
        danger: true,
        submit: async reason => {
            const result = await post('near/clear', { confirm: app.context.namespace, reason });
            return h(
                'ul',
                null,
                result.places.map(place => h('li', null, code(place.place), ': ', part(place.stored, counted))),
            );
        },
    });

    function counted(value) {
        return value ? state('well', 'counted') : state('attention', 'not counted');
    }
}

/** Asks for the end of stops. */
export function resumeDialog(app, stops, done) {
    operate({
        title: stops.length === 1 ? 'End this stop' : `End ${stops.length} stops`,
        preview: async () => ({
            effects: stops.map(stop => h('span', null, stopText(stop), ' ends: keys are near again in every process a few seconds later.')),
            warnings: stops.some(stop => stop.who?.startsWith('churn breaker'))
                ? ['The churn breaker put it: narrow or remove the rule first, or the keys are written too fast again.']
                : [],
        }),
        action: 'End the stop',
        submit: async reason => {
            const result = await post('resume', { stops: stops.map(stop => stop.id), reason });
            return h(
                'div',
                null,
                h('p', null, state('well', 'Ended'), ` by revision ${result.revision} of the rules.`),
                lists(result.obedience),
            );
        },
        done,
    });
}

/** Which processes have obeyed a stop, which have not, and which cannot say: asked every second, and later every 5 s, until all have. */
export function obedience(id, first = null) {
    const sentence = h('p', { role: 'status' });
    const processes = h('div');
    const element = h('div', null, sentence, processes);
    let told = '';
    draw(first);
    follow(first);
    return element;

    async function follow(known) {
        for (let asked = 0; !known?.value?.isComplete; asked++) {
            await new Promise(resolve => setTimeout(resolve, asked < often ? 1000 : 5000));
            if (!element.isConnected) {
                return;
            }
            known = await get(`stops/${encodeURIComponent(id)}/obedience`).catch(e => ({ unknown: e.message }));
            draw(known);
        }
    }

    // Only what differs: readers of the screen read out the sentence, and a long list keeps its page.
    function draw(observed) {
        const words = JSON.stringify(observed);
        if (words !== told) {
            told = words;
            fill(sentence, summed(observed));
            redraw(processes, () => fill(processes, groups(observed?.value)));
        }
    }
}

function lists(observed) {
    return [h('p', null, summed(observed)), groups(observed?.value)];
}

function summed(observed) {
    const found = observed?.value;
    if (!found) {
        return ['Which processes have obeyed is ', part(observed), '.'];
    }
    const all = found.obeyed.length + found.notYet.length + found.cannotSay.length;
    return [
        found.isComplete && !found.unlisted
            ? state('well', `All ${all} processes have obeyed.`)
            : state(found.notYet.length > 0 ? 'attention' : 'unknown', `${found.obeyed.length} of ${all} processes have obeyed.`),
        found.isComplete ? '' : ' Processes report every 5 s.',
    ];
}

function groups(found) {
    return found
        ? [
              group('Not yet', 'attention', found.notYet),
              group('Cannot say', 'unknown', found.cannotSay),
              group('Obeyed', 'well', found.obeyed),
              found.unlisted ? h('p', null, state('unknown', 'There may be more processes'), ': ', foreign(found.unlisted)) : null,
          ]
        : null;
}

function group(title, level, processes) {
    return processes.length === 0
        ? null
        : h(
              'div',
              null,
              h('h3', null, state(level, `${title}: ${processes.length}`)),
              processes.length <= 8
                  ? h(
                        'ul',
                        null,
                        processes.map(each =>
                            h(
                                'li',
                                null,
                                processLink(each),
                                each.version ? [' · version ', foreign(each.version)] : '',
                                each.reason ? [': ', foreign(each.reason)] : '',
                            ),
                        ),
                    )
                  : table(
                        title,
                        [
                            { title: 'Process', head: true, cell: processLink },
                            { title: 'Version', cell: each => foreign(each.version ?? '') },
                            { title: 'Reason', cell: each => (each.reason ? foreign(each.reason) : '') },
                        ],
                        processes,
                        { size: 10 },
                    ),
          );
}

/** The stops in force, each with the way to end it. */
export function stopList(app, stops, done) {
    return stops.length === 0
        ? h('p', { class: 'muted' }, 'No stop is in force.')
        : h(
              'ul',
              { class: 'timeline' },
              stops.map(stop =>
                  h(
                      'li',
                      null,
                      h('div', { class: 'when' }, ago(stop.at)),
                      h(
                          'div',
                          null,
                          h(
                              'p',
                              null,
                              state('attention', stop.rule === null || stop.rule === undefined ? 'All rules stopped' : 'Stopped'),
                              ' ',
                              stop.rule === null || stop.rule === undefined
                                  ? ''
                                  : h('a', { href: page('rules', { rule: stop.rule }) }, code(stop.rule)),
                              ' by ',
                              author(stop.who, stop.isVerified),
                              ': ',
                              reason(stop.why),
                          ),
                          h(
                              'div',
                              { class: 'actions' },
                              app.can('operate')
                                  ? h(
                                        'button',
                                        { type: 'button', 'data-key': `end-${stop.id}`, onclick: () => resumeDialog(app, [stop], done) },
                                        'End this stop…',
                                    )
                                  : null,
                              h('a', { href: page('stop', { stop: stop.id }) }, 'Which processes have obeyed ›'),
                          ),
                      ),
                  ),
              ),
          );
}
