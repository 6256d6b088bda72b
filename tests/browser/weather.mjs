// The way between browser and server, and its weather: answers that are not the server's, silence, cuts, and something
// that keeps a stream back until it is complete.
import { createServer, request as ask } from 'node:http';

/** Opens a way to `target`. Its weather is what a test sets: `answer`, `holdsBack`, `freeze`, `drop`. */
export async function openWay(target) {
  const way = {
    url: '',
    /** What is asked, oldest first: { method, path, at }. */
    asked: [],
    /** Gives { status, headers, body } to answer in the server's place, or nothing. */
    answer: () => null,
    /** True for what is to be kept back until it is complete. */
    holdsBack: () => false,
    isFrozen: false,
    /** From now on nothing passes in either direction, and nobody is told. What was open stays dead for ever. */
    freeze() {
      way.isFrozen = true;
      for (const open of exchanges) open.isDead = true;
    },
    thaw() { way.isFrozen = false; },
    /** Cuts every connection. */
    drop() {
      for (const socket of sockets) socket.destroy();
    },
    /** How many answers the server still owes; a poll may take its time. */
    owed: () => [...exchanges].filter((open) => !open.isDead && !open.isKept && !open.hasBegun && !isPoll(open.path)).length,
    /** How many streams are open. */
    streams: () => [...exchanges].filter((open) => isStream(open.path)).length,
    close: () => new Promise((resolve) => { way.drop(); server.close(resolve); }),
  };
  const sockets = new Set();
  const exchanges = new Set();
  const server = createServer((request, response) => pass(way, exchanges, target, request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.requestTimeout = 0;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  way.url = `http://127.0.0.1:${server.address().port}`;
  return way;
}

export const pathOf = (path) => path.split('?')[0];
export const isStream = (path) => pathOf(path) === '/events';
export const isPoll = (path) => pathOf(path) === '/events/poll';

function pass(way, exchanges, target, request, response) {
  const exchange = { path: request.url, isDead: way.isFrozen };
  way.asked.push({ method: request.method, path: request.url, at: performance.now() });
  if (exchange.isDead) return;
  const instead = way.answer(request);
  if (instead) {
    response.writeHead(instead.status, instead.headers);
    response.end(instead.body);
    return;
  }
  exchanges.add(exchange);
  const upstream = ask(new URL(request.url, target), { method: request.method, headers: request.headers, agent: false });
  upstream.on('response', (answer) => pour(way, exchange, answer, response));
  upstream.on('error', () => exchange.isDead || response.destroy());
  response.on('close', () => { exchanges.delete(exchange); upstream.destroy(); });
  request.pipe(upstream);
}

function pour(way, exchange, answer, response) {
  const kept = way.holdsBack(exchange) ? [] : null;
  exchange.isKept = Boolean(kept);
  const begin = () => response.writeHead(answer.statusCode, answer.rawHeaders);
  if (!kept) {
    begin();
    response.flushHeaders();
  }
  answer.on('data', (chunk) => {
    if (exchange.isDead) return;
    if (kept) kept.push(chunk);
    else response.write(chunk, () => { exchange.hasBegun = true; });
  });
  answer.on('end', () => {
    if (exchange.isDead) return;
    if (kept) begin();
    response.end(kept ? Buffer.concat(kept) : undefined);
  });
  answer.on('error', () => exchange.isDead || response.destroy());
}

