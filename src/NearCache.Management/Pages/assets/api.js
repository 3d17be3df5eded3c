// All addresses are relative to the folder of the page, which is the console's own: behind any path base and any proxy. Keys of the
// application are never part of an address that is sent: proxies log addresses.

const parameters = new URLSearchParams(location.search);
let context = null;

/** A parameter of the page's address. */
export function parameter(name) {
    return parameters.get(name);
}

/** Sets the context that the page shows: a cluster and its namespace. */
export function enter(name) {
    context = name;
}

/** The address of a page in this context, or in another one. */
export function page(name, query = {}, { of = context, fragment = '' } = {}) {
    return address(name === '' ? './' : name, { context: of, ...query }) + (fragment ? `#${encodeURIComponent(fragment)}` : '');
}

/** The address of the API, of the context unless `path` begins with a slash. */
export function api(path, query = {}) {
    return path.startsWith('/')
        ? address(`api${path}`, query)
        : address(`api/contexts/${encodeURIComponent(context)}${path ? `/${path}` : ''}`, query);
}

/** Reads JSON. Throws a Failure that says what to do. */
export function get(path, query) {
    return send(api(path, query), { headers: { Accept: 'application/json' } });
}

/** Asks or changes something. The header, which no page of another origin can send, proves that the request is this console's. */
export function post(path, body = {}) {
    return send(api(path), {
        method: 'POST',
        headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-NearCache-Operation': '1' },
        body: JSON.stringify(body),
    });
}

/** A request that was refused or not answered; `code` is that of the API. */
export class Failure extends Error {
    constructor(message, status = 0, code = null) {
        super(message);
        this.status = status;
        this.code = code;
    }
}

async function send(url, options) {
    let response;
    try {
        response = await fetch(url, { ...options, credentials: 'same-origin', cache: 'no-store', redirect: 'manual' });
    } catch {
        throw new Failure(
            options.method === 'POST'
                ? 'The console does not answer. It may have done this all the same: look at the page before you repeat it.'
                : 'The console does not answer. It may be restarting, or the network is down.',
        );
    }
    if (response.type === 'opaqueredirect') {
        throw new Failure('Your session has ended: a sign-in page has answered instead of the console.', 401, 'unauthenticated');
    }
    const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
    const content = isJson ? await response.json().catch(() => null) : null;
    if (response.ok && isJson) {
        return content;
    }
    const detail = [content?.detail ?? content?.title, ...(content?.mistakes ?? [])].filter(Boolean).join(' ');
    throw new Failure(detail || meaning(response), response.status, content?.code ?? null);
}

function meaning(response) {
    switch (response.status) {
        case 401:
            return 'You are not signed in, or your session has ended.';
        case 403:
            return 'You are not permitted to do this.';
        case 404:
            return 'The console does not have this.';
        case 429:
            return 'Too many requests. Wait a few seconds.';
        case 503:
            return 'The console is starting, or has too many viewers. Wait a few seconds.';
        default:
            return response.ok
                ? 'A proxy or a sign-in page has answered instead of the console. Load the page again.'
                : `The console answered with status ${response.status}.`;
    }
}

function address(path, query) {
    const text = new URLSearchParams(
        Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ''),
    ).toString();
    return text ? `${path}?${text}` : path;
}
