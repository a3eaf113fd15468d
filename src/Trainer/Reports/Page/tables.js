// Text enters the page as text only: file names and labels are other people's.

function cell(name, content = '', className = '') {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

const row = (...cells) => { const made = document.createElement('tr'); made.append(...cells); return made; };
const heading = (text, scope = 'row', className = '') => { const made = cell('th', text, className); made.scope = scope; return made; };

/** Rows of what and how much; those without a value are left out. */
function facts(body, pairs) {
  for (const [name, value] of pairs) if (value !== null && value !== undefined && value !== '') body.append(row(heading(name), cell('td', String(value))));
}

function fillConfusion(table, normal, anomalous, reviewed) {
  table.tHead.replaceChildren(row(heading('', 'col'), ...['accepted', ...(reviewed ? ['to review'] : []), 'rejected'].map(t => heading(t, 'col'))));
  const counted = (count, all, wrong) => cell('td', [String(count), cell('small', all ? `${percent(count / all)}${wrong ? ` · ${wrong}` : ''}` : '–')], wrong && count ? 'wrong' : '');
  table.tBodies[0].replaceChildren(
    row(heading('normal'), counted(normal.accept, normal.all), ...(reviewed ? [counted(normal.review, normal.all)] : []), counted(normal.reject, normal.all, 'false rejects')),
    row(heading('anomalous'), counted(anomalous.accept, anomalous.all, 'misses'), ...(reviewed ? [counted(anomalous.review, anomalous.all)] : []), counted(anomalous.reject, anomalous.all)));
}

/** One row for each folder of the test set. The button shows that folder's pictures. */
function fillDefects(table, state, chosen, choose) {
  table.tHead.replaceChildren(row(heading('folder', 'col'), heading('pictures', 'col'), heading('rejected', 'col'), ...(state.reviewFrom === null ? [] : [heading('to review', 'col')]),
    heading('right', 'col'), heading('', 'col', 'optional'), heading('AUROC vs normal', 'col', 'optional')));
  table.tBodies[0].replaceChildren(...state.folders.map((folder, label) => {
    const split = state.splitOf(folder.scores), right = (folder.normal ? split.all - split.reject : split.reject) / split.all, button = cell('button', folder.name), meter = cell('div', document.createElement('i'), 'meter');
    button.type = 'button';
    button.setAttribute('aria-label', `Show the pictures of ${folder.name}`);
    button.addEventListener('click', () => choose(label));
    meter.firstChild.style.width = `${100 * right}%`;
    const made = row(heading(button), cell('td', String(split.all)), cell('td', String(split.reject)), ...(state.reviewFrom === null ? [] : [cell('td', String(split.review))]),
      cell('td', percent(right)), cell('td', meter, 'optional'), cell('td', folder.normal ? '' : folder.auroc === null ? '–' : folder.auroc.toFixed(4), 'optional'));
    if (label === chosen) made.className = 'chosen';
    return made;
  }));
}

/** A list that is closed until somebody wants it. */
function list(place, title, lines) {
  if (!lines.length) return;
  const details = document.createElement('details'), items = document.createElement('ul');
  for (const line of lines) items.append(cell('li', line));
  details.append(cell('summary', `${title} (${lines.length})`), items);
  place.append(details);
}
