import { api } from './api.js';
import { h, fill } from './dom.js';
import { duration } from './format.js';

const staleAfter = 16;
const hiddenAfter = 30000;
const longestPause = 15000;

/**
 * Follows the server-sent events of the console, connects again with a growing pause, and rests while the page is hidden. What it has not
 * heard for some seconds is old: `age` of each listener is called once a second, so that nothing old looks well.
 *
 * Listeners: { overview(value), contexts(value), point(value), age(seconds since the last news if that is long; otherwise null) }.
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

    /** @param path of the stream, as api() takes it */
    constructor(path) {
        this.#address = api(path);
        this.element = h('span', { class: 'live small' });
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
            this.#state = 'lost';
            this.#retry = setTimeout(() => this.#connect(), this.#pause * (0.75 + Math.random() / 2));
            this.#pause = Math.min(2 * this.#pause, longestPause);
            this.#tick();
        });
    }

    #received(name, value) {
        this.#heard = Date.now();
        this.#state = 'live';
        this.#pause = 1000;
        for (const listener of this.#listeners) {
            listener[name]?.(value);
        }
        this.#tick();
    }

    #tick() {
        const age = this.#heard === null ? null : Math.max(0, (Date.now() - this.#heard) / 1000);
        const old = age !== null && age > staleAfter ? age : null;
        const [kind, mark, text] =
            this.#state === 'lost' || old !== null
                ? ['state bad', '✕', age === null ? 'no connection to the console' : `no news for ${duration(age)}, connecting again`]
                : this.#state === 'live'
                  ? ['state well', '●', `live, ${Math.floor(age)} s ago`]
                  : ['neutral', '…', this.#state === 'resting' ? 'paused while hidden' : 'connecting'];
        fill(this.element, h('span', { class: kind }, h('span', { 'aria-hidden': 'true' }, `${mark} `), text));
        for (const listener of this.#listeners) {
            listener.age?.(old);
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
