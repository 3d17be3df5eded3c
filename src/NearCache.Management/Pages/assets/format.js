import { h, foreign, visible } from './dom.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** A count or a rate: 0.25, 3.1, 1,204. */
export function number(value) {
    const size = Math.abs(value);
    return size >= 100 || Number.isInteger(value) ? whole.format(value) : size >= 1 ? tenths.format(value) : hundredths.format(value);
}

/** A part of one, as 97.3 %. */
export function percent(part) {
    return `${tenths.format(100 * part)} %`;
}

/** A size in bytes, as 1.5 MiB. */
export function bytes(value) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let unit = 0;
    while (Math.abs(value) >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${tenths.format(value)} ${units[unit]}`;
}

/** A duration of seconds, as 850 ms, 4.1 s, 12 min, 3 h 5 min, 2 d 4 h. */
export function duration(seconds) {
    if (seconds < 0) {
        return `-${duration(-seconds)}`;
    }
    if (seconds < 0.9995) {
        return seconds === 0 ? '0 s' : `${seconds < 0.01 ? hundredths.format(1000 * seconds) : whole.format(1000 * seconds)} ms`;
    }
    if (seconds < 9.95) {
        return `${tenths.format(seconds)} s`;
    }
    const rounded = Math.round(seconds);
    if (rounded < 120) {
        return `${rounded} s`;
    }
    if (rounded < 7200) {
        return `${Math.floor(rounded / 60)} min`;
    }
    const hours = Math.floor(rounded / 3600);
    const minutes = Math.floor((rounded % 3600) / 60);
    return hours < 48
        ? `${hours} h${minutes && hours < 10 ? ` ${minutes} min` : ''}`
        : `${Math.floor(hours / 24)} d${hours % 24 ? ` ${hours % 24} h` : ''}`;
}

/** A duration of milliseconds. */
export function milliseconds(value) {
    return duration(value / 1000);
}

// The milliseconds by which the console's clock is ahead of that of this computer.
let ahead = 0;

/** Takes over the clock of the console: times are its own, and a computer whose clock is wrong must not turn them into others. */
export function synchronize(now) {
    const measured = now - Date.now();
    if (Math.abs(measured - ahead) > 2000) {
        ahead = measured;
    }
    return ahead;
}

/** The time by the clock of the console, in milliseconds. */
export function present() {
    return Date.now() + ahead;
}

/** How long ago a time was, with the time itself beside it for the pointer and for readers. */
export function ago(time, now = present()) {
    if (!time) {
        return unknown('no time is recorded');
    }
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) {
        return foreign(time);
    }
    const seconds = (now - date.getTime()) / 1000;
    const text = seconds < -2 ? `in ${duration(-seconds)}` : seconds < 2 ? 'now' : `${duration(seconds)} ago`;
    return h('time', { datetime: date.toISOString(), title: `${clock(date)} ${zone(date)}, ${date.toISOString().slice(0, 19)}Z` }, text);
}

/** The offset of this computer's time zone at a time, as UTC+02:00. */
export function zone(time = present()) {
    const minutes = -new Date(time).getTimezoneOffset();
    const two = value => String(Math.floor(value)).padStart(2, '0');
    return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** A time of this day as 10:02:13, any other with its date. */
export function clock(time) {
    const date = new Date(time);
    const day = date.toDateString() === new Date(present()).toDateString() ? '' : `${date.toLocaleDateString('en-CA')} `;
    return day + date.toLocaleTimeString('en-GB');
}

/** What is not known: never zero, never well. The reason is read out, and shown where there is room. */
export function unknown(reason, { brief = false } = {}) {
    const text = /not permitted|whitelist|not allowed/i.test(reason ?? '') ? 'not permitted' : 'unknown';
    return h(
        'span',
        { class: 'unknown', title: reason ? visible(reason) : null },
        h('span', { class: 'nowrap' }, h('span', { 'aria-hidden': 'true' }, '?\u00a0'), text),
        reason && !brief ? h('span', { class: 'reason' }, ': ', foreign(reason)) : null,
    );
}
