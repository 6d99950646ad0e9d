import type { Refusal } from "./support";

/** Refusals that more than one suite expects, with AWS's messages. */
export const wouldSucceed: Refusal = {
    name: "DryRunOperation",
    status: 412,
    message: "Request would have succeeded, but DryRun flag is set.",
};

export const invalidClientToken: Refusal = {
    name: "InvalidClientTokenId",
    status: 403,
    message: "The security token included in the request is invalid",
};

export const notAuthorized: Refusal = {
    name: "AccessDenied",
    status: 403,
    message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
};

export const noVerificationKey = invalidIdentityToken(
    "Couldn't retrieve verification key from your identity provider,  please reference " +
        "AssumeRoleWithWebIdentity documentation for requirements",
);

export const notValid = invalidIdentityToken(
    "The web identity token that was passed could not be validated by AWS. Get a new identity token from the " +
        "identity provider and then retry the request.",
);

export function invalidIdentityToken(message: string): Refusal {
    return { name: "InvalidIdentityTokenException", status: 400, message };
}

export function unauthorized(arn: string, action: string, reason: string, on = ""): Refusal {
    return {
        name: "UnauthorizedOperation",
        status: 403,
        message:
            "You are not authorized to perform this operation. " +
            `User: ${arn} is not authorized to perform: ${action}${on} ${reason}`,
    };
}

export function noPolicy(action: string): string {
    return `because no identity-based policy allows the ${action} action`;
}
