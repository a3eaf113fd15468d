// node sparkplug.js decode FILE     a line of FILE is: topic, space, payload in base64; prints a line of JSON for each
// node sparkplug.js encode JSON     prints the payload in base64
// The payload is read and written by Eclipse Tahu's own library.
const fs = require('fs');
const { decodePayload, encodePayload } = require('sparkplug-payload').get('spBv1.0');

const [, , what, argument] = process.argv;
const plain = (_, value) => (value && typeof value === 'object' && 'low' in value && 'high' in value ? Number(BigInt.asIntN(64, (BigInt(value.high) << 32n) | BigInt(value.low >>> 0))) : value);
if (what === 'encode') console.log(Buffer.from(encodePayload(JSON.parse(argument))).toString('base64'));
else
  for (const line of fs.readFileSync(argument, 'utf8').split('\n').filter(Boolean)) {
    const [topic, payload] = line.split(' ');
    console.log(JSON.stringify({ topic, ...decodePayload(Buffer.from(payload, 'base64')) }, plain));
  }
