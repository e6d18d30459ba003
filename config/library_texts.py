"""Texts of allauth that visitors read, translated in the shop's own catalogues, which come before a library's.

In its Romanian some have no accents and most are too familiar; in the other languages some do not speak as the shop
does.
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
    _("Email"),
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
    _("Re-send Verification"),
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
        "The password reset link was invalid, possibly because it has already been used.  Please "
        'request a <a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _('<strong>Note:</strong> you can still <a href="%(email_url)s">change your email address</a>.'),
    _("You cannot remove your primary email address."),
    _("Please select only one."),
    _("Be patient, you are sending too many requests."),
    _("Use your password"),
    _("Use authenticator app or code"),
    _("Forgot your password?"),
    _("Forgot Password?"),
    _("You cannot add an email address to an account protected by two-factor authentication."),
    _("You cannot deactivate two-factor authentication."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("We've sent a code to %(recipient)s. The code expires shortly, so please enter it soon."),
    _("Request new code"),
    _("Confirm Access"),
    _("Please reauthenticate to safeguard your account."),
    _("Enter Email Verification Code"),
    _("Enter Sign-In Code"),
    _("Enter Password Reset Code"),
    _("Use a different email address"),
    _("Your email address is still pending verification."),
    _("Cancel Change"),
    _("Change Email"),
    _("Send me a sign-in code"),
    _("Forgotten your password? Enter your email address below, and we'll send you an email allowing you to reset it."),
    _(
        "We have sent you an email. If you have not received it please check your spam folder. "
        "Otherwise contact us if you do not receive it in a few minutes."
    ),
    _("Enter your password:"),
    _("You will receive a special code for a password-free sign-in."),
    _("Request Code"),
    _("You are already logged in as %(user_display)s."),
    _(
        "You currently do not have any email address set up. You should really add an email address so "
        "you can receive notifications, reset your password, etc."
    ),
    _(
        "We have sent an email to you for verification. Follow the link provided to finalize the signup "
        "process. If you do not see the verification email in your main inbox, check your spam folder. "
        "Please contact us if you do not receive the verification email within a few minutes."
    ),
    _(
        "This part of the site requires us to verify that\nyou are who you claim to be. For this "
        "purpose, we require that you\nverify ownership of your email address. "
    ),
    _(
        "We have sent an email to you for\nverification. Please click on the link inside that email. If "
        "you do not see the verification email in your main inbox, check your spam folder. Otherwise\n"
        "contact us if you do not receive it within a few minutes."
    ),
    _("Your account is protected by two-factor authentication. Please enter an authenticator code:"),
    _("Deactivate"),
    _("Activate"),
    _("Manage"),
    _("Add"),
    _("View"),
    _("Generate"),
    _("Save them  in a secure location now — they won't be shown again."),
    _("Enter an authenticator code:"),
    _("You are about to generate a new set of recovery codes for your account."),
    _("This action will invalidate your existing codes."),
    _("Are you sure?"),
    _("Download codes"),
    _("Generate new codes"),
    _("Activate Authenticator App"),
    _(
        "To protect your account with two-factor authentication, scan the QR code below with your "
        "authenticator app. Then, input the verification code generated by the app below."
    ),
    _("You can store this secret and use it to reinstall your authenticator app at a later time."),
    _("Deactivate Authenticator App"),
    _("You are about to deactivate authenticator app based authentication. Are you sure?"),
    _("Trust this Browser?"),
    _("If you choose to trust this browser, you will not be asked for a verification code the next time you sign in."),
    _("Trust for %(period)s"),
    _("Sign Out Other Sessions"),
)
