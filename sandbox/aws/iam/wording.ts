/** moto's messages for some refusals, and AWS's messages from issues of terraform-provider-aws and aws-cli. */
const wordings: readonly (readonly [RegExp, string])[] = [
    [/\bRole (\S+) not found(?=<)/g, "The role with name $1 cannot be found."],
    [/\bPolicy (\S+) not found(?=<)/g, "Policy $1 was not found."],
    [/\bInstance profile (\S+) not found(?=<)/g, "Instance Profile $1 cannot be found."],
];

/** moto writes the text of an error to `Message` and to `message`; SDKs read either. */
export function inAwsWords(body: string): string {
    return wordings.reduce((text, [motos, awss]) => text.replace(motos, awss), body);
}

/**
 * "The policy document … is URL-encoded compliant with RFC 3986" (API_ListRoles.html, API_GetPolicyVersion.html and the
 * others). moto does not encode "/", and in some answers encodes nothing.
 */
export function withEncodedDocuments(body: string): string {
    return body.replace(
        /<(AssumeRolePolicyDocument|PolicyDocument|Document)>([^<]+)<\/\1>/g,
        (_, element: string, text: string) => {
            const document = text.startsWith("%") ? decodeURIComponent(text) : unescapeXml(text);
            return `<${element}>${percentEncoded(document)}</${element}>`;
        },
    );
}

function percentEncoded(text: string): string {
    const rest = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
    return encodeURIComponent(text).replace(/[!'()*]/g, rest);
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
    return text.replace(/&(?:#(\d+)|(\w+));/g, (entity, code?: string, name?: string) =>
        code === undefined ? (entities[name ?? ""] ?? entity) : String.fromCodePoint(Number(code)),
    );
}
