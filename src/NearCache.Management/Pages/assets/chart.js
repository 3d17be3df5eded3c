import { h, fill } from './dom.js';
import { clock, unknown } from './format.js';

const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const shades = window.matchMedia('(prefers-color-scheme: dark)');

/**
 * A chart of lines over time, drawn by uPlot. Each line has a colour, a pattern of dashes and its newest value in the legend, and the
 * figures are below it as a table: it can be read without colour, without a pointer and without eyes.
 *
 * Lines: { label, values(history) → numbers or null }. `show` takes { seconds, series } and the words for its period. `format` writes a value.
 */
export function chart(lines, format) {
    const plot = h('div', { class: 'plot', role: 'img' });
    const legend = h('ul', { class: 'legend' });
    const figures = h('details', null, h('summary', null, 'As a table'));
    const container = h('div', { class: 'chart' }, legend, plot, figures);
    let drawn = null;
    let times = [];
    let series = [];
    let period = '';
    new ResizeObserver(() => drawn?.setSize(size())).observe(plot);
    shades.addEventListener('change', () => draw(true));
    figures.addEventListener('toggle', tell);
    return Object.assign(container, {
        show(history, when) {
            period = when;
            times = history.seconds;
            series = lines.map(line => line.values(history) ?? times.map(() => null));
            draw(false);
            name(null);
            tell();
        },
    });

    function draw(anew) {
        if (anew) {
            drawn?.destroy();
            drawn = null;
        }
        if (times.length === 0 || !plot.isConnected || plot.clientWidth === 0) {
            return;
        }
        const data = [times, ...series];
        if (drawn) {
            drawn.setData(data);
        } else {
            drawn = new uPlot(options(), data, plot);
        }
        plot.setAttribute('aria-label', `${period}: ${lines.map((line, i) => summary(line, series[i])).join('; ')}`);
    }

    function options() {
        const style = getComputedStyle(document.documentElement);
        const color = variable => style.getPropertyValue(variable).trim();
        const axis = {
            stroke: color('--muted'),
            grid: { stroke: color('--grid'), width: 1 },
            ticks: { show: false },
            font: '12px system-ui, sans-serif',
        };
        return {
            ...size(),
            legend: { show: false },
            cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
            scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? 1.08 * high : 1] } },
            axes: [
                {
                    ...axis,
                    size: 32,
                    values: (_, splits, axisIndex, space, step) =>
                        splits.map(second => clock(1000 * second).slice(-8, step < 60 ? undefined : -3)),
                },
                { ...axis, size: 56, values: (_, splits) => splits.map(value => format(value)) },
            ],
            series: [
                {},
                ...lines.map((line, i) => ({
                    label: line.label,
                    stroke: color(`--series-${i + 1}`),
                    width: 2,
                    dash: dashes[i],
                    points: { show: false },
                    spanGaps: false,
                })),
            ],
            hooks: { setCursor: [shown => name(shown.cursor.idx)] },
        };
    }

    function size() {
        return { width: Math.max(120, plot.clientWidth), height: 150 };
    }

    // The newest values, or those below the pointer.
    function name(index) {
        fill(
            legend,
            lines.map((line, i) => {
                const value = series[i]?.at(index ?? -1);
                return h(
                    'li',
                    null,
                    sample(i),
                    line.label,
                    ' ',
                    h('b', null, value === null || value === undefined ? unknown(null) : format(value)),
                );
            }),
            index === null || index === undefined ? null : h('li', { class: 'muted' }, clock(1000 * times[index])),
        );
    }

    // At most one row a minute, and not more than a hundred.
    function tell() {
        if (!figures.open) {
            return;
        }
        const rows = [];
        const step = Math.max(60, (times.at(-1) - times[0]) / 100);
        for (let i = times.length - 1, last = Infinity; i >= 0; i--) {
            if (times[i] <= last - step) {
                last = times[i];
                rows.push(
                    h(
                        'tr',
                        null,
                        h('th', { scope: 'row' }, clock(1000 * times[i])),
                        series.map(values =>
                            h(
                                'td',
                                { class: 'figurecell' },
                                values[i] === null || values[i] === undefined ? unknown(null) : format(values[i]),
                            ),
                        ),
                    ),
                );
            }
        }
        figures.replaceChildren(
            figures.firstChild,
            h(
                'table',
                null,
                h(
                    'thead',
                    null,
                    h(
                        'tr',
                        null,
                        h('th', { scope: 'col' }, 'Time'),
                        lines.map(line => h('th', { scope: 'col', class: 'figurecell' }, line.label)),
                    ),
                ),
                h('tbody', null, rows),
            ),
        );
    }

    function summary(line, values) {
        const known = values.filter(value => value !== null && value !== undefined);
        const newest = values.at(-1);
        return known.length === 0
            ? `${line.label} unknown`
            : `${line.label} now ${newest === null || newest === undefined ? 'unknown' : format(newest)}, from ${format(Math.min(...known))} to ${format(Math.max(...known))}`;
    }
}

// A piece of the line, as it is drawn.
function sample(index) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    svg.setAttribute('viewBox', '0 0 28 10');
    svg.setAttribute('aria-hidden', 'true');
    for (const [name, value] of Object.entries({
        x1: 0,
        x2: 28,
        y1: 5,
        y2: 5,
        'stroke-width': 2.5,
        'stroke-dasharray': dashes[index].join(' ') || 'none',
        class: `line-${index + 1}`,
    })) {
        line.setAttribute(name, value);
    }
    svg.append(line);
    return svg;
}
