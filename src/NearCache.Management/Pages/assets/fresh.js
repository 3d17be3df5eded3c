import { h, fill, foreign } from './dom.js';
import { clock, present } from './format.js';
import { signIn } from './parts.js';

/**
 * Reads what a page shows again with each news of the fleet, and says above it where that fails: nothing old looks new.
 *
 * @param read  reads and draws; throws where it cannot
 * @returns reads now; while it reads already, once more afterwards
 */
export function keepFresh({ main, live }, read) {
    const note = h('div', { class: 'strip', role: 'status' });
    let drawn = present();
    let reading = null;
    let isWanted = false;
    main.before(note);
    live.follow({ overview: () => reading ?? again() });
    return again;

    function again() {
        isWanted = true;
        return (reading ??= run().finally(() => (reading = null)));
    }

    async function run() {
        while (isWanted) {
            isWanted = false;
            try {
                await read();
                drawn = present();
                note.replaceChildren();
            } catch (e) {
                fill(
                    note,
                    h(
                        'div',
                        { class: 'warning' },
                        h('strong', null, '! '),
                        `This page cannot be read again. What follows was true at ${clock(drawn)}: `,
                        foreign(e.message),
                        e.status === 401 ? [' ', signIn(), '.'] : null,
                    ),
                );
            }
        }
    }
}
