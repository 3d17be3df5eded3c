import { api, get } from './api.js';
import { h, fill } from './dom.js';
import { duration, synchronize } from './format.js';
import { signIn } from './parts.js';

const staleAfter = 16;
const hiddenAfter = 30000;
const longestPause = 15000;

/**
 * Follows the server-sent events of the console, connects again with a growing pause, and rests while the page is hidden. What it has not
 * heard for some seconds is old: `age` of each listener is called once a second, so that nothing old looks well.
 *
 * Listeners: { overview(value), contexts(value), point(value), resumed() before the first news after a pause, age(seconds since the last
 * news if that is long; otherwise null) }.
 */
export class Live {
    #address;
    #source = null;
    #retry = null;
    #hiding = null;
    #pause = 1000;
    #heard = null;
    #state = 'connecting';
    #listeners = new Set();
    #text = h('span');
    #signIn = h('span', { hidden: true }, ' ', signIn());

    /** @param path of the stream, as api() takes it */
    constructor(path) {
        this.#address = api(path);
        this.element = h('span', { class: 'live small' }, this.#text, this.#signIn);
        document.addEventListener('visibilitychange', () => this.#visibility());
        setInterval(() => this.#tick(), 1000);
        this.#connect();
        this.#tick();
    }

    follow(listener) {
        this.#listeners.add(listener);
    }

    #connect() {
        clearTimeout(this.#retry);
        this.#source?.close();
        const source = new EventSource(this.#address);
        this.#source = source;
        for (const name of ['overview', 'contexts', 'point']) {
            source.addEventListener(name, event => this.#received(name, JSON.parse(event.data)));
        }
        // The browser would connect again by itself after a lost connection, but not after an answer that is an error.
        source.addEventListener('error', () => {
            source.close();
            this.#retry = setTimeout(() => this.#connect(), this.#pause * (0.75 + Math.random() / 2));
            this.#pause = Math.min(2 * this.#pause, longestPause);
            this.#lost();
        });
    }

    // A stream does not tell why it was refused; the session does.
    async #lost() {
        this.#state = this.#state === 'refused' ? 'refused' : 'lost';
        this.#tick();
        const status = await get('/session').then(
            () => null,
            failure => failure.status,
        );
        if (this.#state === 'lost' || this.#state === 'refused') {
            this.#state = status === 401 || status === 403 ? 'refused' : 'lost';
            this.#tick();
        }
    }

    #received(name, value) {
        const wasAway = this.#heard !== null && this.#state !== 'live';
        this.#heard = Date.now();
        this.#state = 'live';
        this.#pause = 1000;
        if (name === 'overview' && value.at) {
            synchronize(Date.parse(value.at) + 1000 * value.ageSeconds);
        }
        for (const listener of this.#listeners) {
            if (wasAway) {
                listener.resumed?.();
            }
            listener[name]?.(value);
        }
        this.#tick();
    }

    #tick() {
        const age = this.#heard === null ? null : Math.max(0, (Date.now() - this.#heard) / 1000);
        const old = age !== null && age > staleAfter ? age : null;
        const [kind, mark, text] = this.#words(age, old);
        fill(this.#text, h('span', { class: kind }, h('span', { 'aria-hidden': 'true' }, `${mark} `), text));
        this.#signIn.hidden = this.#state !== 'refused';
        for (const listener of this.#listeners) {
            listener.age?.(old);
        }
    }

    // A stream that has just ended is no trouble: the console ends each one now and then, to decide again what its user may see.
    #words(age, old) {
        switch (this.#state) {
            case 'refused':
                return ['state bad', '✕', 'your session has ended'];
            case 'lost':
                return age === null
                    ? ['state bad', '✕', 'no connection to the console']
                    : old === null
                      ? ['neutral', '…', 'connecting again']
                      : ['state bad', '✕', `no news for ${duration(old)}, connecting again`];
            case 'resting':
                return ['neutral', '…', 'paused while hidden'];
            default:
                return old !== null
                    ? ['state bad', '✕', `no news for ${duration(old)}`]
                    : age === null
                      ? ['neutral', '…', 'connecting']
                      : ['state well', '●', `live, ${Math.floor(age)} s ago`];
        }
    }

    #visibility() {
        clearTimeout(this.#hiding);
        if (document.hidden) {
            this.#hiding = setTimeout(() => {
                this.#state = 'resting';
                this.#source.close();
                clearTimeout(this.#retry);
            }, hiddenAfter);
        } else if (this.#state === 'resting') {
            this.#state = 'connecting';
            this.#connect();
        }
    }
}
