// SPDX-License-Identifier: Apache-2.0
// Holds Kubernetes objects, a JSON array on standard input, against the API's own schemas. Prints
// what is wrong, a line each; exits 1 when anything is.
import fs from "node:fs";

let wrong = 0;
for (const item of JSON.parse(fs.readFileSync(0, "utf8"))) {
	const models = await import(`kubernetes-models/${item.apiVersion}`);
	try {
		new models[item.kind](item).validate();
	} catch (error) {
		wrong++;
		console.log(`${item.kind}: ${error.message}`);
	}
}
process.exit(wrong > 0 ? 1 : 0);
