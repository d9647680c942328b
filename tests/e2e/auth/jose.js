// npm's jose: makes a token in every algorithm, and judges those that goldprobe minted.
'use strict';
const fs = require('fs');
const http = require('http');
const jose = require(process.env.PEERS + '/jose');

const SECRET = 'a shared secret of 64 bytes, so that no library finds it too short for HS512';
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const OWN = ['ES256', 'ES384', 'ES512', 'EdDSA'];
const HMAC = ['HS256', 'HS384', 'HS512'];
const keys = {};

function sign(alg, key, kid, change = {}) {
	return new jose.SignJWT({ sub: 'a', ...change })
		.setProtectedHeader({ alg, kid, typ: 'JWT' })
		.setIssuer('issuer')
		.setAudience(['x', 'api'])
		.setIssuedAt()
		.setExpirationTime('10m')
		.sign(key);
}

async function make() {
	const set = { keys: [] };
	const secret = new TextEncoder().encode(SECRET);
	const rsa = await jose.generateKeyPair('RS256', { extractable: true });
	for (const alg of RSA) {
		// The same key for all, as `alg` is not of the key itself.
		const pkcs8 = await jose.exportPKCS8(rsa.privateKey);
		const spki = await jose.exportSPKI(rsa.publicKey);
		keys[alg] = { private: await jose.importPKCS8(pkcs8, alg), public: await jose.importSPKI(spki, alg), kid: 'rsa' };
	}
	set.keys.push({ ...(await jose.exportJWK(rsa.publicKey)), kid: 'rsa', use: 'sig' });
	for (const alg of OWN) {
		const pair = await jose.generateKeyPair(alg, { extractable: true });
		keys[alg] = { private: pair.privateKey, public: pair.publicKey, kid: alg };
		set.keys.push({ ...(await jose.exportJWK(pair.publicKey)), kid: alg, alg });
		fs.writeFileSync(`${alg}.pem`, await jose.exportPKCS8(pair.privateKey));
		fs.writeFileSync(`${alg}.jwk`, JSON.stringify(await jose.exportJWK(pair.privateKey)));
	}
	for (const alg of HMAC)
		keys[alg] = { private: secret, public: secret };
	fs.writeFileSync('rsa.pem', await jose.exportPKCS8(rsa.privateKey));
	fs.writeFileSync('rsa.pub', await jose.exportSPKI(rsa.publicKey));
	fs.writeFileSync('rsa.jwk', JSON.stringify(await jose.exportJWK(rsa.privateKey)));
	fs.writeFileSync('secret', SECRET);
	fs.writeFileSync('jwks.json', JSON.stringify(set));
	for (const [alg, key] of Object.entries(keys))
		fs.writeFileSync(`token-${alg}`, await sign(alg, key.private, key.kid));
	return set;
}

async function answer(set, request) {
	const url = new URL(request.url, 'http://x');
	if (url.pathname === '/jwks')
		return [200, set];
	const alg = url.searchParams.get('alg');
	const token = (request.headers.authorization || '').replace('Bearer ', '');
	try {
		const found = await jose.jwtVerify(token, keys[alg].public, {
			algorithms: [alg], issuer: 'smoke', audience: 'api', requiredClaims: ['exp', 'iat'],
		});
		return [200, { header: found.protectedHeader, claims: found.payload }];
	} catch (e) {
		return [401, { error: String(e) }];
	}
}

make().then((set) => {
	const server = http.createServer((request, response) =>
		answer(set, request).then(([status, body]) => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		}));
	server.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
process.on('SIGTERM', () => process.exit(0));
