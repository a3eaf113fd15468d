// Usage: node asyncapi.js document.json. Prints one line for each error of the document, and for each example that does not fit its schema.
const fs = require('fs');
const { Parser } = require('@asyncapi/parser');
const Ajv = require('ajv').default;

(async () => {
  const text = fs.readFileSync(process.argv[2], 'utf8');
  const { diagnostics } = await new Parser().parse(text);
  for (const d of diagnostics) if (d.severity <= 1) console.log(`${d.message} at ${d.path.join('/')}`);
  const { messages, schemas } = JSON.parse(text).components;
  const ajv = new Ajv({ allErrors: true, validateFormats: false, allowUnionTypes: true });
  for (const [name, message] of Object.entries(messages))
    for (const example of message.examples ?? [])
      if (!ajv.validate(schemas[name], example.payload)) console.log(`components/messages/${name}: ${ajv.errorsText()}`);
})().catch(error => { console.error(error); process.exit(1); });
