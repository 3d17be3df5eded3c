import { h, fill, redraw } from './dom.js';

const pageSize = 50;

/**
 * A table that is sorted by its headings and shown page by page, so that ten thousand rows cost no more than fifty. On a narrow screen
 * each row is a card.
 *
 * Columns: { title, cell(row) → content, sort(row) → number or text, figure: true for numbers, wide: true for sentences, head: true for
 * the name of the row }.
 *
 * @param search  the text of a row; with it, a table of several pages has a field that finds rows
 */
export function table(caption, columns, rows, { rowClass, sortBy = null, descending = true, empty, size = pageSize, search = null } = {}) {
    let column = sortBy === null ? null : columns[sortBy];
    let order = descending ? -1 : 1;
    let start = 0;
    let all = rows;
    const view = pagedTable(
        caption,
        columns,
        { rowClass, empty },
        {
            isSortable: each => Boolean(each.sort),
            sort(each) {
                order = each === column ? -order : each.figure ? -1 : 1;
                column = each;
                start = 0;
                draw();
            },
            move(to) {
                start = to;
                draw();
            },
        },
    );
    const wanted = h('input', { type: 'search', 'aria-label': `Find in ${caption}`, placeholder: 'find', oninput: find });
    const finder = h('div', { class: 'filters', hidden: true }, wanted);
    const container = search === null ? view : h('div', null, finder, view);
    draw();
    return Object.assign(container, {
        /** Shows other rows, on the same page and in the same order. */
        show(next) {
            all = next;
            draw();
        },
    });

    function find() {
        start = 0;
        draw();
    }

    function draw() {
        finder.hidden = all.length <= size;
        const text = finder.hidden ? '' : wanted.value.trim().toLowerCase();
        const found = text === '' ? all : all.filter(row => search(row).toLowerCase().includes(text));
        const sorted = column === null ? found : [...found].sort((a, b) => compare(column.sort(a), column.sort(b), order));
        start = Math.min(start, Math.max(0, Math.floor((sorted.length - 1) / size) * size));
        view.draw({
            rows: sorted.slice(start, start + size),
            start,
            size,
            total: sorted.length,
            column,
            isDescending: order < 0,
            none: text === '' ? empty : 'None matches.',
        });
    }
}

/** A table of one page of rows, which `source` sorts and pages: { isSortable(column), sort(column), move(start) }. */
export function pagedTable(caption, columns, { rowClass = () => null, empty = 'None.' }, source) {
    const container = h('div');
    return Object.assign(container, { draw: shown => redraw(container, () => paint(shown)) });

    function paint({ rows, start, size, total, column, isDescending, none = empty }) {
        if (rows.length === 0) {
            fill(container, h('p', { class: 'muted' }, none));
            return;
        }
        fill(
            container,
            h(
                'table',
                { class: 'cards' },
                h('caption', { class: 'hidden' }, caption),
                h(
                    'thead',
                    null,
                    h(
                        'tr',
                        null,
                        columns.map((each, index) => heading(each, index, each === column, isDescending)),
                    ),
                ),
                h(
                    'tbody',
                    null,
                    rows.map(row =>
                        h(
                            'tr',
                            { class: rowClass(row) },
                            columns.map(each => cell(each, row)),
                        ),
                    ),
                ),
            ),
            total > size || start > 0 ? pager(start, size, total, rows.length) : null,
        );
    }

    function cell(each, row) {
        const content = each.cell(row);
        const isEmpty = content === null || content === '';
        const classes = [each.figure ? 'figurecell' : null, each.wide ? 'widecell' : null, isEmpty ? 'empty' : null].filter(Boolean).join(' ') || null;
        return each.head
            ? h('th', { scope: 'row', class: classes }, content)
            : h('td', { class: classes, 'data-label': each.title }, content);
    }

    function heading(each, index, isSorted, isDescending) {
        return h(
            'th',
            {
                scope: 'col',
                class: each.figure ? 'figurecell' : null,
                'aria-sort': isSorted ? (isDescending ? 'descending' : 'ascending') : null,
            },
            source.isSortable(each)
                ? h(
                      'button',
                      { type: 'button', 'data-key': `column-${index}`, onclick: () => source.sort(each) },
                      each.title,
                      isSorted ? (isDescending ? ' ▾' : ' ▴') : '',
                  )
                : each.title,
        );
    }

    function pager(start, size, total, count) {
        return h(
            'div',
            { class: 'pager', role: 'group', 'aria-label': `Pages of ${caption}` },
            h(
                'button',
                { type: 'button', 'data-key': 'previous', disabled: start === 0, onclick: () => source.move(Math.max(0, start - size)) },
                '‹ Previous',
            ),
            h('span', { class: 'number' }, `${start + 1} to ${start + count} of ${total.toLocaleString('en')}`),
            h(
                'button',
                { type: 'button', 'data-key': 'next', disabled: start + size >= total, onclick: () => source.move(start + size) },
                'Next ›',
            ),
        );
    }
}

// What is unknown comes last in either order.
function compare(a, b, order) {
    const isMissing = value => value === null || value === undefined;
    if (isMissing(a) || isMissing(b)) {
        return Number(isMissing(a)) - Number(isMissing(b));
    }
    return order * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true }));
}
