import { AwsError } from "../errors";

/**
 * Codes of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html and of
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
const refusals = {
    AccessDenied: ["Not authorized to perform sts:AssumeRoleWithWebIdentity", 403],
    IDPCommunicationError: [
        "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.",
        400,
    ],
    InvalidIdentityToken: [
        "The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.",
        400,
    ],
    RegionDisabledException: [
        "STS is not activated in the requested region for the account that is being asked to generate credentials.",
        403,
    ],
    ServiceUnavailable: ["The request has failed due to a temporary failure of the server.", 503],
} as const;

export type WebIdentityRefusal = keyof typeof refusals;

/** Makes STS refuse every AssumeRoleWithWebIdentity, as on a failure of STS or of its configuration. */
export class WebIdentityRefusals {
    private code: WebIdentityRefusal | undefined;

    /** Undefined refuses none. */
    set(code: WebIdentityRefusal | undefined): void {
        this.code = code;
    }

    check(): void {
        if (this.code !== undefined) {
            const [message, status] = refusals[this.code];
            throw new AwsError(this.code, message, status);
        }
    }
}
