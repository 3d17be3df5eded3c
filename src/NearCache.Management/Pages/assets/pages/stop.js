import { get, parameter } from '../api.js';
import { h, fill, redraw } from '../dom.js';
import { field } from '../operation.js';
import { part, valueOf } from '../parts.js';
import { clearDialog, obedience, stopDialog, stopList } from '../stops.js';

/** The kill switch: for all rules or one, and which processes have obeyed the stops in force. */
export async function show(app) {
    const { main, live, can } = app;
    let found = await get('rules');
    const rules = valueOf(found.rules) ?? [];
    const wanted = parameter('rule');
    const followed = parameter('stop') ?? valueOf(found.stops)?.findLast(stop => wanted === null || stop.rule === wanted)?.id ?? null;
    const which = h(
        'select',
        { id: 'which' },
        h('option', { value: '' }, 'All rules of the namespace, also those added later'),
        rules.map(rule =>
            h('option', { value: JSON.stringify(rule.settings.name), selected: rule.settings.name === wanted }, rule.settings.name),
        ),
    );
    const stops = h('div');
    fill(
        main,
        h('h1', null, 'Stop near caching'),
        h(
            'p',
            null,
            'A stop ends near reads in every process within about a second, also while ZooKeeper is down. Values then come from memcached: ',
            'nothing is lost, and nothing else changes. Use it first whenever the near cache is suspected.',
        ),
        followed === null
            ? null
            : h(
                  'section',
                  { 'aria-labelledby': 'obedience-title' },
                  h('h2', { id: 'obedience-title' }, 'Which processes have obeyed'),
                  obedience(followed),
              ),
        h(
            'section',
            { 'aria-labelledby': 'put-title' },
            h('h2', { id: 'put-title' }, 'Put a stop'),
            can('operate')
                ? [
                      field('What to stop', which),
                      valueOf(found.rules) === null
                          ? h('p', null, 'The rules are ', part(found.rules), '. All of them can be stopped.')
                          : null,
                      h('div', { class: 'actions' }, h('button', { type: 'button', class: 'danger', onclick: put }, 'Stop…')),
                      h(
                          'p',
                          { class: 'muted small' },
                          'The next step shows what it would change. Nothing is stopped before it is confirmed.',
                      ),
                  ]
                : h(
                      'p',
                      { class: 'note' },
                      'You may look, but not operate: putting a stop needs the operate permission. ',
                      'From a shell, a stop can be put through any memcached server: see the kill switch in the documentation.',
                  ),
        ),
        h('section', { 'aria-labelledby': 'stops-title' }, h('h2', { id: 'stops-title' }, 'Stops in force'), stops),
        can('operate')
            ? h(
                  'section',
                  { 'aria-labelledby': 'clear-title' },
                  h('h2', { id: 'clear-title' }, 'Drop all near entries'),
                  h(
                      'p',
                      null,
                      'After another program has changed items on memcached: every process reads them anew. It is no stop: keys are kept near again at once.',
                  ),
                  h(
                      'div',
                      { class: 'actions' },
                      h('button', { type: 'button', onclick: () => clearDialog(app) }, 'Drop all near entries…'),
                  ),
              )
            : null,
    );
    draw(found.stops);
    live.follow({ overview: value => draw(value.stops) });

    function draw(observed) {
        redraw(stops, () =>
            fill(
                stops,
                part(observed, all => stopList(app, all, again)),
            ),
        );
    }

    function put() {
        stopDialog(app, which.value === '' ? null : JSON.parse(which.value), again);
    }

    async function again() {
        found = await get('rules');
        draw(found.stops);
    }
}
