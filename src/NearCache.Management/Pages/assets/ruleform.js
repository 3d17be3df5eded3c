import { get, post } from './api.js';
import { h, foreign, code } from './dom.js';
import { bytes, duration } from './format.js';
import { field, operate } from './operation.js';
import { facts } from './parts.js';

/**
 * Asks for a new rule, which begins as a dry run, or for other settings of a rule.
 *
 * @param settings  the settings of the rule; null for a new one
 * @param revision  the revision of the rules that these settings are of
 * @param done      called after the edit
 * @param proposed  the settings that a new rule begins with
 */
export function ruleDialog(settings, revision, done, proposed = null) {
    const isNew = settings === null;
    const from = settings ?? proposed ?? {};
    const text = (name, attributes) => h('input', { value: from[name] ?? '', autocomplete: 'off', spellcheck: 'false', ...attributes });
    const figure = (name, attributes) => text(name, { type: 'number', min: '0', step: 'any', inputmode: 'decimal', ...attributes });
    const name = text('name', { required: true, disabled: !isNew });
    const match = text('match', { required: true });
    const figures = {
        nearLifetimeSeconds: [
            figure('nearLifetimeSeconds'),
            'Near lifetime, in seconds',
            'How long a value may stay near. Empty: the default of the caches.',
        ],
        maxStalenessSeconds: [figure('maxStalenessSeconds'), 'Max staleness, in seconds', 'Empty: the default of the caches.'],
        missLifetimeSeconds: [figure('missLifetimeSeconds'), 'Lifetime of a miss, in seconds', 'Empty: misses are not kept.'],
        maxWritesPerSecond: [
            figure('maxWritesPerSecond'),
            'Most writes per second of a process',
            'Above it the churn breaker suspends the rule. Empty: 20.',
        ],
        maxFleetWritesPerSecond: [
            figure('maxFleetWritesPerSecond'),
            'Most writes per second of all processes',
            'Empty: half of the budget of the namespace.',
        ],
        maxEntries: [figure('maxEntries', { step: '1' }), 'Most entries in a process', 'Empty: the room of the process.'],
        maxBytes: [figure('maxBytes', { step: '1' }), 'Most bytes in a process', 'Empty: the room of the process.'],
    };
    const onInvalidate = h(
        'select',
        null,
        h('option', { value: 'drop', selected: from.onInvalidate !== 'refresh' }, 'drop the value'),
        h('option', { value: 'refresh', selected: from.onInvalidate === 'refresh' }, 'read it again in the background'),
    );
    const shareValues = h('input', { type: 'checkbox', checked: from.shareValues ?? false });
    const preload = h('textarea', { rows: '2', spellcheck: 'false', value: (from.preload ?? []).join('\n') });

    const wanted = () => ({
        ...from,
        name: name.value.trim(),
        match: match.value,
        ...Object.fromEntries(
            Object.entries(figures).map(([setting, [input]]) => [setting, input.value === '' ? null : Number(input.value)]),
        ),
        onInvalidate: onInvalidate.value,
        shareValues: shareValues.checked,
        preload: preload.value
            .split('\n')
            .map(key => key.replace(/\r$/, ''))
            .filter(key => key !== ''),
        ...(isNew ? { enabled: false, dryRun: true } : {}),
    });

    operate({
        title: isNew ? 'Add a rule as a dry run' : ['Edit the rule ', code(from.name)],
        intro: isNew
            ? 'A dry run keeps nothing near and changes nothing: every process counts what the rule would do. Promote it when the figures are good.'
            : null,
        fields: [
            h(
                'div',
                { class: 'form-grid' },
                field('Name', name),
                field('Match', match, 'A key, or a pattern that begins with letters: product:*'),
            ),
            h(
                'details',
                { open: !isNew },
                h('summary', null, 'More settings'),
                h(
                    'div',
                    { class: 'form-grid' },
                    Object.values(figures).map(([input, label, hint]) => field(label, input, hint)),
                    field('When its key is written', onInvalidate),
                    field('Preload', preload, 'Keys to read at start, one a line.'),
                ),
                h('label', { class: 'inline' }, shareValues, 'Callers share one object (they must not change it)'),
            ),
        ],
        preview: async () => previewOf({ rule: wanted() }, isNew ? null : revision),
        action: isNew ? 'Add as a dry run' : 'Change the rule',
        submit: async (reason, found) => {
            await post(isNew ? 'rules/add' : 'rules/change', { rule: wanted(), reason, ifRevision: found.revision });
        },
        done,
    });
}

/** Asks for the removal of a rule. */
export function removeDialog(name, done) {
    operate({
        title: ['Remove the rule ', code(name)],
        preview: async () => previewOf({ remove: name }),
        action: 'Remove the rule',
        danger: true,
        submit: async (reason, found) => {
            await post('rules/remove', { name, reason, ifRevision: found.revision });
        },
        done,
    });
}

/** Asks for an edit that changes whether a rule is in force: promote, enable or disable. */
export function forceDialog(action, name, effects, done) {
    const [title, verb] = {
        promote: ['Put the dry run in force: ', 'Put it in force'],
        enable: ['Enable the rule ', 'Enable the rule'],
        disable: ['Disable the rule ', 'Disable the rule'],
    }[action];
    operate({
        title: [title, code(name)],
        preview: async () => {
            const found = await get('rules');
            const rule = found.rules.value?.find(each => each.settings.name === name);
            if (!rule) {
                throw new Error(
                    found.rules.unknown ? `The rules are unknown: ${found.rules.unknown}` : `The rule ${name} does not exist any more.`,
                );
            }
            return { ...effects(rule), revision: found.revision?.value };
        },
        action: verb,
        submit: async (reason, found) => {
            await post(`rules/${action}`, { name, reason, ifRevision: found.revision ?? null });
        },
        done,
    });
}

/** Asks for the undoing of an edit. */
export function undoDialog(edit, done) {
    operate({
        title: `Undo revision ${edit.revision}`,
        preview: async () => ({
            effects: [
                ...(edit.changes ?? []).map(change =>
                    h(
                        'span',
                        null,
                        code(change.name),
                        change.before === null || change.before === undefined
                            ? ' is removed again.'
                            : change.after === null || change.after === undefined
                              ? ' is restored.'
                              : ' gets its settings from before.',
                    ),
                ),
                ...edit.clearedStops.map(stop =>
                    h('span', null, 'The stop of ', stop.rule ? code(stop.rule) : 'all rules', ' is put again.'),
                ),
                ...(edit.putStops.length > 0 ? [`Ends ${edit.putStops.length} of the stops that it put.`] : []),
                'Later edits of other rules remain.',
            ],
            detail: (edit.changes ?? []).map(change => differences(change, true)),
        }),
        action: 'Undo it',
        submit: async reason => {
            await post('rules/undo', { revision: edit.revision, reason });
        },
        done,
    });
}

/** The settings that an edit changes, before and after. */
export function differences(change, isReversed = false) {
    if (!change.differences || change.differences.length === 0) {
        return null;
    }
    const [from, to] = isReversed ? ['after', 'before'] : ['before', 'after'];
    return h(
        'table',
        { class: 'difference' },
        h('caption', { class: 'hidden' }, 'Differences of ', foreign(change.name)),
        h(
            'thead',
            null,
            h(
                'tr',
                null,
                ['Setting', 'Before', 'After'].map(title => h('th', { scope: 'col' }, title)),
            ),
        ),
        h(
            'tbody',
            null,
            change.differences.map(each =>
                h(
                    'tr',
                    null,
                    h('th', { scope: 'row' }, foreign(each.setting)),
                    h('td', null, each[from] === null || each[from] === undefined ? '–' : h('del', null, code(each[from]))),
                    h('td', null, each[to] === null || each[to] === undefined ? '–' : h('ins', null, code(each[to]))),
                ),
            ),
        ),
    );
}

/** The settings of a rule, as facts. */
export function settingsOf(settings) {
    const seconds = value => (value === null || value === undefined ? 'the default' : duration(value));
    const plain = value => (value === null || value === undefined ? 'the default' : value.toLocaleString('en'));
    return facts([
        ['Match', code(settings.match)],
        ['Near lifetime', seconds(settings.nearLifetimeSeconds)],
        ['Max staleness', seconds(settings.maxStalenessSeconds)],
        ['Lifetime of a miss', settings.missLifetimeSeconds ? duration(settings.missLifetimeSeconds) : 'not kept'],
        [
            'Room in a process',
            [settings.maxEntries ? `${plain(settings.maxEntries)} entries` : null, settings.maxBytes ? bytes(settings.maxBytes) : null]
                .filter(Boolean)
                .join(', ') || 'that of the process',
        ],
        ['When a key is written', settings.onInvalidate === 'refresh' ? 'read it again in the background' : 'drop the value'],
        ['Values', settings.shareValues ? 'shared between callers' : 'copied for each caller'],
        ['Preload', settings.preload?.length ? settings.preload.map((key, i) => [i > 0 ? ', ' : '', code(key)]) : 'nothing'],
    ]);
}

async function previewOf(body, formRevision = null) {
    const found = await post('rules/preview', body);
    if (found.refused) {
        throw new Error(found.refused);
    }
    return {
        revision: found.revision,
        warnings:
            formRevision !== null && found.revision !== formRevision
                ? [
                      `The rules were edited since this form was opened: revision ${formRevision} has become ${found.revision}. ` +
                          'Look at each difference below: this edit would take back what the form does not know.',
                  ]
                : [],
        effects:
            found.effects.length > 0
                ? found.effects
                : [found.changes.length === 0 ? 'Nothing: the rules are like that already.' : 'The settings below.'],
        detail: found.changes.map(change => differences(change)),
    };
}
