import { writeFileSync } from "fs";
import { join } from "path";
import { codeBlocks, page } from "../../unit/support/markdown";
import type { Language } from "./languages";

/** The page of the docs with the program of each shape. Readers copy exactly the program that is tested. */
const PAGES = { "plain-shape": "docs/installation-configuration.md", "hand-over": "docs/_index.md" };

export type Shape = keyof typeof PAGES;

/** The program of the docs, verbatim. */
export function documentedProgram(shape: Shape, { name }: Pick<Language, "name">): string {
    const programs = codeBlocks(page(PAGES[shape])).filter(
        ({ language, text }) => language === name && text.includes("CniServiceAccountRole"),
    );
    const [program] = programs;
    if (program === undefined || programs.length > 1) {
        throw new Error(`${PAGES[shape]} has ${String(programs.length)} programs in ${name}, but must have one`);
    }
    return `${program.text}\n`;
}

/** The docs' program of the hand-over with a name for the role, and waits that are short enough for a test. */
export function handOverProgram(language: Language, roleName: string): string {
    const program = documentedProgram("hand-over", language);
    const { lastArgument } = language;
    if (program.split(lastArgument).length !== 2) {
        throw new Error(
            `The program in ${language.name} must have this line once, to insert arguments after it: ${lastArgument}`,
        );
    }
    return program.replace(lastArgument, () => `${lastArgument}${language.moreArguments(roleName)}`);
}

/** Writes the program's files into a folder. */
export function writeProgram(workDir: string, language: Language, program: string): void {
    for (const [name, text] of Object.entries(language.files(program))) {
        writeFileSync(join(workDir, name), text);
    }
}
