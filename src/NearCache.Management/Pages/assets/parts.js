import { page } from './api.js';
import { h, foreign, code, visible } from './dom.js';
import { ago, number, unknown } from './format.js';

// A symbol and a word for each level, so that no colour is needed.
const levels = {
    well: ['✓', 'Well'],
    info: ['·', 'Information'],
    attention: ['!', 'Needs attention'],
    bad: ['✕', 'Not well'],
    unknown: ['?', 'Unknown'],
};

/** The symbol of a level. */
export function mark(level) {
    const [symbol, word] = levels[level] ?? levels.unknown;
    return h('span', { class: `mark ${level}` }, h('span', { 'aria-hidden': 'true' }, symbol), h('span', { class: 'hidden' }, `${word}: `));
}

/** The symbol of a level with its word, or with another text. */
export function state(level, text = null) {
    const [symbol, word] = levels[level] ?? levels.unknown;
    return h(
        'span',
        { class: level === 'info' ? 'neutral' : `state ${level}` },
        h('span', { 'aria-hidden': 'true' }, `${symbol}\u00a0`),
        typeof text === 'string' ? h('bdi', null, visible(text)) : (text ?? word),
    );
}

/** An observed part: its value, or why it is unknown. A part that the console does not send is unknown too. */
export function part(observed, show = number, options = {}) {
    if (observed === null || observed === undefined) {
        return unknown(null);
    }
    if (typeof observed !== 'object') {
        return show(observed);
    }
    return (observed.unknown !== undefined && observed.unknown !== null) || observed.value === undefined || observed.value === null
        ? unknown(observed.unknown ?? null, options)
        : show(observed.value);
}

/** The value of an observed part; null if it is unknown. */
export function valueOf(observed) {
    return observed?.value ?? null;
}

/** A value that a server may not tell. */
export function maybe(value, show = number) {
    return value === null || value === undefined ? unknown(null) : show(value);
}

/** A rate with its unit. */
export function perSecond(value) {
    return [number(value), h('span', { class: 'unit' }, ' /s')];
}

/** A figure with its name, which links to what explains it, and with what it was an hour ago. */
export function figure(label, href, observed, { show = number, beside = null, level = null } = {}) {
    const isFigure = observed && ('now' in observed || 'hourAgo' in observed);
    const now = isFigure ? observed.now : observed;
    const before = isFigure ? valueOf(observed.hourAgo) : null;
    const hourAgo = before === null ? null : h('span', { class: 'beside' }, 'an hour ago ', show(before));
    return h(
        'li',
        { class: `figure ${level ?? ''}` },
        h('a', { href, class: 'label' }, label, '\u00a0›'),
        h('span', { class: `value${valueOf(now) === null ? ' unknown' : ''}` }, part(now, show)),
        hourAgo,
        beside === null ? null : h('span', { class: 'beside' }, beside),
    );
}

/** Why the figures have no value of an hour ago; nothing if they have one. */
export function withoutPast(observed) {
    return valueOf(observed?.hourAgo) !== null
        ? null
        : h('p', { class: 'muted small' }, 'What it was an hour ago is ', part(observed?.hourAgo), '.');
}

/** Whether so many connections are unaccounted for that the verdict says so: fewer are those of consoles, tools and probes. */
export function areMany(unaccounted, expected) {
    return unaccounted > 50 && unaccounted > 0.2 * (expected ?? 0);
}

/** A figure without a link or a past. */
export function tile(label, content, { beside = null, level = null } = {}) {
    return h(
        'li',
        { class: `figure ${level ?? ''}` },
        h('span', { class: 'label' }, label),
        h('span', { class: 'value' }, content),
        beside === null ? null : h('span', { class: 'beside' }, beside),
    );
}

/** Names with their values. */
export function facts(pairs) {
    return h(
        'dl',
        { class: 'facts' },
        pairs.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
    );
}

/** The way to sign in again, in another tab: what is typed on this page stays. */
export function signIn() {
    return h('a', { href: './', target: '_blank', rel: 'noopener' }, 'Sign in again, in another tab');
}

/** What went wrong, and what to do about it. */
export function trouble(failure) {
    return h(
        'div',
        { class: 'error', role: 'alert' },
        foreign(failure.message),
        failure.status === 401 ? [' ', signIn(), ', and then repeat it here: what is typed stays.'] : null,
    );
}

/** An author: verified by a sign-in, or only claimed. */
export function author(who, isVerified) {
    return who === null || who === undefined || who === ''
        ? unknown(null)
        : [foreign(who), isVerified ? '' : h('span', { class: 'muted' }, ' (claimed)')];
}

/** The reason that an author gave. */
export function reason(why) {
    return why ? ['“', foreign(why), '”'] : h('span', { class: 'muted' }, 'no reason given');
}

/** A rule, with the way to it. */
export function ruleLink(name) {
    return h('a', { href: page('rules', { rule: name }) }, code(name));
}

/** A process, with the way to it. */
export function processLink(process) {
    const name = process.pod ?? process.host ?? `process ${process.id}`;
    const text = [foreign(name), process.processId === null || process.processId === undefined ? '' : ` (pid ${process.processId})`];
    return process.id ? h('a', { href: page('processes', { process: process.id }) }, text) : h('span', null, text);
}

/** What a stop ends, its author and its reason. */
export function stopText(stop) {
    return [
        stop.rule === null || stop.rule === undefined ? h('strong', null, 'All rules') : ['Rule ', ruleLink(stop.rule)],
        ' stopped ',
        ago(stop.at),
        ' by ',
        author(stop.who, stop.isVerified),
        ': ',
        reason(stop.why),
    ];
}

/** The address of what explains a cause or a change: only a page of the console, whatever the text says. */
export function explanation(target) {
    const known = ['', 'changes', 'rules', 'stop', 'processes', 'memcached', 'zookeeper', 'key', 'hot'];
    const name = (target.page ?? '').replace(/^\.?\/+/, '');
    return known.includes(name) ? page(name, Object.fromEntries(new URLSearchParams(target.query ?? ''))) : null;
}
