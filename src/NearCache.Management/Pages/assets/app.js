import { enter, get, page, parameter, post } from './api.js';
import { h, add, fill, foreign, redraw } from './dom.js';
import { clock, duration, present, synchronize } from './format.js';
import { Live } from './live.js';
import { state, trouble } from './parts.js';

const pages = [
    ['', 'Overview', 'overview'],
    ['changes', 'Changes', 'changes'],
    ['rules', 'Rules', 'rules'],
    ['stop', 'Stop', 'stop'],
    ['processes', 'Processes', 'processes'],
    ['memcached', 'memcached', 'memcached'],
    ['zookeeper', 'ZooKeeper', 'zookeeper'],
    ['key', 'Key', 'key'],
    ['hot', 'Hot keys', 'hot'],
];

const wrongClock = 30000;
const main = document.getElementById('main');
const header = document.getElementById('header');
const name = location.pathname.split('/').pop();
const [, title, module] = pages.find(([address]) => address === name) ?? pages[0];

start().catch(failed);

async function start() {
    const asked = Date.now();
    const session = await get('/session');
    const ahead = synchronize(Date.parse(session.now) + (Date.now() - asked) / 2);
    const chosen = parameter('context');
    const context =
        chosen === null
            ? session.contexts.length === 1
                ? session.contexts[0]
                : null
            : (session.contexts.find(each => each.name === chosen) ?? null);
    banner(session, ahead);
    if (session.contexts.length === 0) {
        refuse(session);
        return;
    }
    if (context === null) {
        await choose(session, chosen);
        return;
    }
    enter(context.name);
    const app = {
        session,
        context,
        main,
        live: new Live('live'),
        can: permission => context.permissions.includes(permission),
        has: feature => session.features?.includes(feature) ?? false,
    };
    head(session, context, app.live);
    const shown = await import(`./pages/${module}.js`);
    document.title = `${title} – ${context.name} – NearCache`;
    await shown.show(app);
}

// Signed in, and without a permission: the name is the way to get one, and signing out the way to be another user.
function refuse(session) {
    head(session, null, null);
    document.title = 'No permission – NearCache';
    fill(
        main,
        h('h1', null, 'You may see no context'),
        h('p', null, 'You are signed in as ', foreign(session.user || 'anonymous'), ', and none of the groups of that user has a permission here.'),
        h(
            'p',
            { class: 'muted' },
            'The settings of the console say what each group may do (Permissions). Ask for a group that may see a context, ',
            'or sign out and sign in as another user. A new group counts after the next sign-in.',
        ),
    );
}

// Several contexts, none of them chosen: one row each.
async function choose(session, chosen) {
    const live = new Live('/live');
    head(session, null, live);
    document.title = 'All contexts – NearCache';
    const contexts = await import('./pages/contexts.js');
    await contexts.show({ session, main, live, module: name, missing: chosen });
}

function head(session, context, live) {
    const choices = session.contexts.length > 1 ? choice(session, context) : context && h('span', { class: 'muted' }, context.name);
    fill(
        header,
        h('a', { class: 'name', href: page('', {}, { of: session.contexts.length > 1 ? null : context?.name }) }, 'NearCache console'),
        choices,
        live?.element,
        h(
            'span',
            { class: 'small muted' },
            foreign(session.user || 'anonymous'),
            context !== null && !context.permissions.includes('operate') ? ', view only' : '',
        ),
        session.signOut ? h('button', { type: 'button', onclick: signOut }, 'Sign out') : null,
    );
    if (context === null) {
        return;
    }
    fill(
        document.getElementById('nav'),
        h(
            'ul',
            null,
            pages.map(([address, text]) =>
                h('li', null, h('a', { href: page(address), 'aria-current': text === title ? 'page' : null }, text)),
            ),
        ),
    );
    if (name !== '') {
        verdict(live);
    }
}

// With a button, so that the arrow keys can walk through the list without leaving the page.
function choice(session, context) {
    const list = h(
        'select',
        { 'aria-label': 'Context' },
        h('option', { value: '', selected: context === null }, 'All contexts'),
        session.contexts.map(each => h('option', { value: each.name, selected: each.name === context?.name }, each.name)),
    );
    return h('form', { class: 'choice', onsubmit: go }, list, h('button', null, 'Show'));

    function go(event) {
        event.preventDefault();
        location.href = list.value === '' ? './' : page(name, {}, { of: list.value });
    }
}

// Every page but the first says how the fleet is, with the way to why.
function verdict(live) {
    const line = h('p', { class: 'strip small', role: 'status' });
    main.before(line);
    let last = null;
    let old = null;
    let shown = '';
    live.follow({
        overview(value) {
            last = value;
            draw();
        },
        age(seconds) {
            old = seconds;
            draw();
        },
    });

    // Only when it says something else: readers of the screen read out what is drawn.
    function draw() {
        const words = last === null ? '' : JSON.stringify([old === null, last.verdict.level, last.verdict.sentence]);
        if (words !== shown) {
            shown = words;
            redraw(line, () =>
                fill(
                    line,
                    old !== null
                        ? [state('unknown'), `: the console gives no news. What follows was true at ${clock(last.at ?? present())}.`]
                        : [
                              h('a', { href: page('') }, state(last.verdict.level)),
                              ' ',
                              last.verdict.level === 'well' ? null : foreign(last.verdict.sentence),
                          ],
                ),
            );
        }
    }
}

function banner(session, ahead) {
    const notices = [
        session.banner,
        Math.abs(ahead) < wrongClock
            ? null
            : `The clock of this computer is ${duration(Math.abs(ahead) / 1000)} ${ahead > 0 ? 'behind' : 'ahead of'} that of the console. ` +
              'Times here are those of the console.',
    ].filter(Boolean);
    if (notices.length > 0) {
        const lines = notices.map(notice => h('p', null, h('strong', null, '! '), foreign(notice)));
        document.getElementById('nav').before(h('aside', { class: 'banner', 'aria-label': 'Notice' }, lines));
    }
}

async function signOut() {
    try {
        await post('/signout');
    } catch (failure) {
        if (failure.status !== 401) {
            main.prepend(trouble(failure));
            return;
        }
    }
    location.href = './';
}

function failed(error) {
    console.debug(error);
    add(
        fill(main, h('h1', null, 'This page cannot be shown')),
        trouble(error),
        h('div', { class: 'actions' }, h('button', { type: 'button', onclick: () => location.reload() }, 'Try again')),
    );
}
