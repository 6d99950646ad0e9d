/** The issuer of a service account's token, without `https://`, as the role's trust policy names it. */
export function issuerOfToken(token: string): string | undefined {
    const [, payload = ""] = token.split(".");
    try {
        const { iss } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { iss: string };
        return iss.replace(/^https:\/\//, "");
    } catch {
        // The payload has no claims, or their issuer is not a string.
        return undefined;
    }
}
