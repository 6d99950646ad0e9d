import { missingCniActions, missingLogActions } from "../../documents/cniGrants";
import type { MissingGrants } from "./awsAccess";
import type { Clients } from "./awsClients";
import { isManagedCni, policyReader } from "./policyReader";

/** The actions that these managed policies do not grant together. A policy that does not exist grants none. */
export async function missingGrants(
    clients: Clients,
    policyArns: readonly string[],
    ipFamily: "ipv4" | "ipv6",
): Promise<MissingGrants> {
    const isSufficient = (arn: string) => ipFamily === "ipv4" && isManagedCni(arn);
    const reader = policyReader(clients);
    const documents = await Promise.all(
        policyArns.filter((arn) => !isSufficient(arn)).map((arn) => reader.document(arn)),
    );
    return {
        cni: policyArns.some(isSufficient) ? [] : missingCniActions(documents, ipFamily),
        logs: missingLogActions(documents),
    };
}
