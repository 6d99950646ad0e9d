import * as fs from "fs";
import * as path from "path";

/** Names of files with a licence or its notices: https://docs.npmjs.com/cli/configuring-npm/package-json#files */
const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)(?:[.-].*)?$/i;

/**
 * The licences of the packages in the bundles, which all require that their text comes along.
 *
 * @param folders - the packages' folders, relative to the root.
 */
export function thirdPartyNotices(root: string, folders: readonly string[]): string {
    const head = "This package contains parts of the following packages, each under its own licence.";
    return `${[head, ...folders.map((folder) => noticeOf(path.join(root, folder)))].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

interface Package {
    readonly name: string;
    readonly version: string;
    readonly license: string;
    readonly author?: string | { readonly name: string };
}

function noticeOf(folder: string): string {
    const own = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")) as Package;
    const texts = fs
        .readdirSync(folder)
        .filter((file) => LICENCE_FILE.test(file))
        .sort()
        .map((file) => fs.readFileSync(path.join(folder, file), "utf8").trim());
    return [`${own.name} ${own.version} (${own.license})`, ...(texts.length > 0 ? texts : [textOf(own)])].join("\n\n");
}

/** The text of the licence, for a package that names its licence and does not contain the text. */
function textOf({ name, license, author = `The authors of ${name}` }: Package): string {
    switch (license) {
        case "Apache-2.0":
            return fs.readFileSync(path.join(__dirname, "../LICENSE"), "utf8").trim();
        case "MIT":
            return MIT.replace("AUTHOR", typeof author === "string" ? author : author.name);
        case "Unlicense":
            return UNLICENSE;
        default:
            throw new Error(`${name} has the licence ${license} and no text of it: add the text to release/notices.ts`);
    }
}

/** https://spdx.org/licenses/MIT.html */
const MIT = `Copyright (c) AUTHOR

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** https://spdx.org/licenses/Unlicense.html: it asks for nothing. */
const UNLICENSE = `This is free and unencumbered software released into the public domain.

For more information, please refer to https://unlicense.org/`;
