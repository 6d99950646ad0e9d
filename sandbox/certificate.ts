import { generate } from "selfsigned";

/** PEM, as Node's TLS and AWS's webhook take it. */
export interface Certificate {
    readonly key: string;
    readonly cert: string;
}

/** For a server on 127.0.0.1. Clients check the certificate against the host of the URL, which is an IP address here. */
export async function selfSigned(): Promise<Certificate> {
    const { private: key, cert } = await generate([{ name: "commonName", value: "local-eks" }], {
        algorithm: "sha256",
        keyType: "ec",
        extensions: [
            { name: "basicConstraints", cA: true },
            { name: "keyUsage", digitalSignature: true, keyCertSign: true },
            { name: "extKeyUsage", serverAuth: true },
            { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
        ],
    });
    return { key, cert };
}
