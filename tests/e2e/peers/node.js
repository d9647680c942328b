// The same server as python.py on npm's ws.
'use strict';
const crypto = require('crypto');
const { WebSocketServer } = require(process.env.PEERS + '/ws');

const alphabet = (size) => 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(size / 26)).slice(0, size);

function size(ws, message) {
	const wanted = JSON.parse(message);
	const text = alphabet(wanted.size);
	const data = wanted.binary ? Buffer.from(text) : text;
	const step = Math.max(1, Math.ceil(data.length / (wanted.parts || 1)));
	for (let i = 0; i < data.length; i += step)
		ws.send(data.slice(i, i + step), { binary: !!wanted.binary, fin: i + step >= data.length });
}

function measure(ws, message, isBinary) {
	const sha256 = crypto.createHash('sha256').update(message).digest('hex');
	ws.send(JSON.stringify({ bytes: message.length, text: !isBinary, sha256 }));
}

function rate(ws, message) {
	const wanted = JSON.parse(message);
	const began = process.hrtime.bigint();
	const total = wanted.rate * wanted.seconds;
	let sent = 0;
	const timer = setInterval(() => {
		const elapsed = Number(process.hrtime.bigint() - began) / 1e9;
		const due = Math.min(total, Math.floor((elapsed + 0.01) * wanted.rate));
		while (sent < due)
			ws.send(`{"type":"event","n":${sent++}}`);
		if (sent === total) {
			clearInterval(timer);
			ws.send(JSON.stringify({ type: 'end', sent }));
		}
	}, 10);
	ws.on('close', () => clearInterval(timer));
}

const server = new WebSocketServer({
	host: '127.0.0.1',
	port: 0,
	maxPayload: 64 << 20,
	perMessageDeflate: true,
	handleProtocols: (offered) => ['v2.chat', 'v1.chat'].find((p) => offered.has(p)) || false,
	verifyClient: ({ req }, done) => {
		if (req.url.startsWith('/token') && req.headers.authorization !== 'Bearer sesame')
			done(false, 401, 'who are you?');
		else if (req.url.startsWith('/deflate') && !req.headers['sec-websocket-extensions'])
			done(false, 400, 'this server requires permessage-deflate');
		else
			done(true);
	},
});

server.on('connection', (ws, req) => {
	ws.on('error', () => {});
	ws.on('message', (message, isBinary) => {
		if (req.url === '/size')
			size(ws, message);
		else if (req.url === '/measure')
			measure(ws, message, isBinary);
		else if (req.url === '/rate')
			rate(ws, message);
		else if (req.url === '/close') {
			const wanted = JSON.parse(message);
			ws.close(wanted.code, wanted.reason || '');
		} else
			ws.send(message, { binary: isBinary });
	});
});
server.on('listening', () => console.log(server.address().port));
process.on('SIGTERM', () => process.exit(0));
