"""Texts of allauth that visitors read, translated in the shop's own catalogues, which come before a library's.

Its Romanian has no accents in them, and in the other languages some do not speak as the shop does.
"""

from django.utils.translation import gettext_noop as _

TEXTS = (
    _("This account is currently inactive."),
    _("This account is inactive."),
    _("This email address is already associated with this account."),
    _("The email address and/or password you specified are not correct."),
    _("A user is already registered with this email address."),
    _("Please type your current password."),
    _("The password reset token was invalid."),
    _("You cannot add more than %d email addresses."),
    _("Too many failed login attempts. Try again later."),
    _("Your primary email address must be verified."),
    _("You must type the same password each time."),
    _("You must type the same email each time."),
    _("Remember Me"),
    _("Email address"),
    _("Password (again)"),
    _("Current Password"),
    _("New Password"),
    _("New Password (again)"),
    _("Confirm"),
    _("Sign In"),
    _("Sign Out"),
    _("Sign Up"),
    _("Signup"),
    _("Sign Up Closed"),
    _("We are sorry, but the sign up is currently closed."),
    _("Password Reset"),
    _("Reset My Password"),
    _("Please contact us if you have any trouble resetting your password."),
    _("Change Password"),
    _("Set Password"),
    _("Bad Token"),
    _("Your password is now changed."),
    _("Password successfully changed."),
    _("Password successfully set."),
    _("The following email addresses are associated with your account:"),
    _("Verified"),
    _("Unverified"),
    _("Primary"),
    _("Make Primary"),
    _("Add Email Address"),
    _("Add Email"),
    _("Do you really want to remove the selected email address?"),
    _("Primary email address set."),
    _("You cannot remove your primary email address (%(email)s)."),
    _("Confirmation email sent to %(email)s."),
    _("You have confirmed %(email)s."),
    _("Removed email address %(email)s."),
    _("Successfully signed in as %(name)s."),
    _("You have signed out."),
    _("Signed out of all other sessions."),
    _("Are you sure you want to sign out?"),
    _("Confirm Email Address"),
    _("Verify Your Email Address"),
    _("Note"),
    _('Please confirm that <a href="mailto:%(email)s">%(email)s</a> is an email address for user %(user_display)s.'),
    _(
        'This email confirmation link expired or is invalid. Please <a href="%(email_url)s">issue a new '
        "email confirmation request</a>."
    ),
    _("If you have not created an account yet, then please %(link)ssign up%(end_link)s first."),
    _("Already have an account? Then please %(link)ssign in%(end_link)s."),
    _(
        "The password reset link was invalid, possibly because it has already been used.  Please request a "
        '<a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _('<strong>Note:</strong> you can still <a href="%(email_url)s">change your email address</a>.'),
)
