import { enter, get, page, parameter, post } from './api.js';
import { h, add, fill, foreign, redraw } from './dom.js';
import { duration } from './format.js';
import { Live } from './live.js';
import { state } from './parts.js';

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

const main = document.getElementById('main');
const header = document.getElementById('header');
const name = location.pathname.split('/').pop();
const [, title, module] = pages.find(([address]) => address === name) ?? pages[0];

start().catch(failed);

async function start() {
    const session = await get('/session');
    const chosen = parameter('context');
    const context =
        chosen === null
            ? session.contexts.length === 1
                ? session.contexts[0]
                : null
            : (session.contexts.find(each => each.name === chosen) ?? null);
    banner(session);
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

// Several contexts, none of them chosen: one row each.
async function choose(session, chosen) {
    const live = new Live('/live');
    head(session, null, live);
    document.title = 'All contexts – NearCache';
    const contexts = await import('./pages/contexts.js');
    await contexts.show({ session, main, live, module: name, missing: chosen });
}

function head(session, context, live) {
    const choices =
        session.contexts.length > 1
            ? h(
                  'label',
                  { class: 'inline' },
                  h('span', { class: 'hidden' }, 'Context'),
                  h(
                      'select',
                      { onchange: go },
                      h('option', { value: '', selected: context === null }, 'All contexts'),
                      session.contexts.map(each => h('option', { value: each.name, selected: each.name === context?.name }, each.name)),
                  ),
              )
            : context === null
              ? null
              : h('span', { class: 'muted' }, foreign(context.name));
    fill(
        header,
        h('a', { class: 'name', href: page('', {}, { of: session.contexts.length > 1 ? null : context?.name }) }, 'NearCache console'),
        choices,
        live.element,
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

    function go(event) {
        location.href = event.target.value === '' ? './' : page(name, {}, { of: event.target.value });
    }
}

// Every page but the first says how the fleet is, with the way to why.
function verdict(live) {
    const line = h('p', { class: 'strip small', role: 'status' });
    main.before(line);
    let last = null;
    let old = null;
    const draw = () =>
        redraw(line, () =>
            fill(
                line,
                last === null
                    ? null
                    : old !== null
                      ? [state('unknown'), `: no news for ${duration(old)}`]
                      : [h('a', { href: page('') }, state(last.level)), ' ', last.level === 'well' ? null : foreign(last.sentence)],
            ),
        );
    live.follow({
        overview(value) {
            last = value.verdict;
            draw();
        },
        age(seconds) {
            if (seconds !== null || old !== null) {
                old = seconds;
                draw();
            }
        },
    });
}

function banner(session) {
    if (session.banner) {
        document
            .getElementById('nav')
            .before(h('aside', { class: 'banner', 'aria-label': 'Notice' }, h('strong', null, '! '), foreign(session.banner)));
    }
}

async function signOut() {
    await post('/signout').catch(() => null);
    location.href = './';
}

function failed(error) {
    console.debug(error);
    add(
        fill(main, h('h1', null, 'This page cannot be shown')),
        h('div', { class: 'error', role: 'alert' }, foreign(error.message)),
        h('div', { class: 'actions' }, h('button', { type: 'button', onclick: () => location.reload() }, 'Try again')),
    );
}
