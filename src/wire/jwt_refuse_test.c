/*
 * jwt_refuse_test.c - tokens that must be refused, each for its own reason.
 * Method: a table of headers and payloads, one of shapes and one of signatures. Every token is
 * right but for one thing, and the text of the refusal is compared: a token refused for another
 * reason than ours would prove nothing. Keys are made at run time, the clock stands still at
 * 1800000000.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "wire/jwt_forge.h"

#define NOT_JSON   "a part of the token is not a JSON object"
#define NOT_BASE64 "a part of the token is not base64url"
#define NOT_PARTS  "a token has three parts"
#define OTHER_ALG  "the token's algorithm is not that of its key"
#define NO_KID     "the token does not name its key"
#define NEW_KID    "the key of the token is unknown"
#define BAD_FORM   "the signature has a form that its key never makes"
#define WRONG      "the signature is wrong"
#define BAD_SIG    "the signature is not base64url"
#define CRIT       "the token has a critical extension"
#define ZIP        "the token is compressed"
#define BAD_TYP    "the token is of another type"
#define BAD_ISS    "the token is from another issuer"
#define BAD_AUD    "the token is for another audience"
#define BAD_SUB    "the token has no proper subject"
#define BAD_TENANT "the token has no proper tenant"
#define BAD_ROLES  "roles are a list of names"
#define BAD_TIME   "exp and iat are whole seconds, nbf too if there is one"
#define BAD_SPAN   "the token lives longer than we allow"
#define EXPIRED    "the token has expired"
#define TOO_EARLY  "the token is not valid yet"
#define FUTURE     "the token was issued in the future"
#define TOO_LONG   "the token is too long"

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

/* clang-format off */

/* Written with ' for ". The payload without its braces; NULL stands for what is right. */
static const struct {
    enum signer signer;
    const char *header, *payload, *why;
} claims_refused[] = {
    /* the algorithm */
    { BY_ES256,    "{'alg':'none','kid':'es'}",    NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'None','kid':'es'}",    NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'nOnE','kid':'es'}",    NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'NONE','kid':'es'}",    NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'','kid':'es'}",        NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':null,'kid':'es'}",      NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':['ES256'],'kid':'es'}", NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':256,'kid':'es'}",       NULL, OTHER_ALG },
    { BY_ES256,    "{'kid':'es'}",                 NULL, OTHER_ALG },
    { BY_ES256,    "{'Alg':'ES256','kid':'es'}",   NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'es256','kid':'es'}",   NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'ES256 ','kid':'es'}",  NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'ES384','kid':'es'}",   NULL, OTHER_ALG },
    { BY_ES256,    "{'alg':'ES256K','kid':'es'}",  NULL, OTHER_ALG },
    { BY_HS256,    "{'alg':'HS256','kid':'rs'}",   NULL, OTHER_ALG },
    { BY_HS256,    "{'alg':'HS384','kid':'rs'}",   NULL, OTHER_ALG },
    { BY_HS256,    "{'alg':'HS512','kid':'rs'}",   NULL, OTHER_ALG },
    { BY_HS256,    "{'alg':'RS256','kid':'rs'}",   NULL, BAD_FORM },
    { BY_RS256,    "{'alg':'PS256','kid':'rs'}",   NULL, OTHER_ALG },
    { BY_PS256,    "{'alg':'RS256','kid':'ps'}",   NULL, OTHER_ALG },
    { BY_RS256,    "{'alg':'RS512','kid':'rs'}",   NULL, OTHER_ALG },
    { BY_RS256,    "{'alg':'RS1','kid':'rs'}",     NULL, OTHER_ALG },
    { BY_EDDSA,    "{'alg':'Ed448','kid':'ed'}",   NULL, OTHER_ALG },
    { BY_EDDSA,    "{'alg':'eddsa','kid':'ed'}",   NULL, OTHER_ALG },
    /* another key than the one that signed */
    { BY_RS256,    "{'alg':'ES256','kid':'es'}",   NULL, BAD_FORM },
    { BY_ES256,    "{'alg':'RS256','kid':'rs'}",   NULL, BAD_FORM },
    { BY_ES256,    "{'alg':'EdDSA','kid':'ed'}",   NULL, WRONG },
    { BY_RS256,    "{'alg':'PS256','kid':'ps'}",   NULL, WRONG },
    { BY_PS256,    "{'alg':'RS256','kid':'rs'}",   NULL, WRONG },
    { BY_STRANGER, "{'alg':'ES256','kid':'es'}",   NULL, WRONG },
    /* the kid */
    { BY_ES256,    "{'alg':'ES256'}",                             NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':''}",                    NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':7}",                     NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':null}",                  NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':['es']}",                NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'../../../dev/null'}",   NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'/etc/hostname'}",       NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'es\\u0027 OR 1=1 --'}", NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'es; DROP TABLE keys'}", NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'es|id'}",               NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'es\\u0000'}",           NULL, NOT_JSON },
    { BY_ES256,    "{'alg':'ES256','kid':'es\\n'}",               NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'\\u0435s'}",            NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'" X64 "x'}",            NULL, NO_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'" X64 "'}",             NULL, NEW_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'ES'}",                  NULL, NEW_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'e'}",                   NULL, NEW_KID },
    { BY_ES256,    "{'alg':'ES256','kid':'es2'}",                 NULL, NEW_KID },
    /* a key that the token brings along or points at */
    { BY_STRANGER, "{'alg':'ES256','kid':'me','jku':'https://evil.test/jwks.json'}", NULL, NEW_KID },
    { BY_STRANGER, "{'alg':'ES256','jku':'https://issuer.test@evil.test/'}",         NULL, NO_KID },
    { BY_STRANGER, "{'alg':'ES256','x5u':'https://evil.test/cert.pem'}",             NULL, NO_KID },
    { BY_STRANGER, "{'alg':'ES256','kid':'es','x5c':['MIIB']}",                      NULL, WRONG },
    { BY_STRANGER, "{'alg':'ES256','kid':'es','jwk':{'kty':'EC','crv':'P-256'}}",    NULL, WRONG },
    /* extensions, compression, other kinds of token */
    { BY_ES256, "{'alg':'ES256','kid':'es','crit':['exp'],'exp':1}",     NULL, CRIT },
    { BY_ES256, "{'alg':'ES256','kid':'es','crit':['b64'],'b64':false}", NULL, CRIT },
    { BY_ES256, "{'alg':'ES256','kid':'es','crit':[]}",                  NULL, CRIT },
    { BY_ES256, "{'alg':'ES256','kid':'es','crit':null}",                NULL, CRIT },
    { BY_ES256, "{'alg':'ES256','kid':'es','zip':'DEF'}",                NULL, ZIP },
    { BY_ES256, "{'alg':'ES256','kid':'es','zip':null}",                 NULL, ZIP },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'JWE'}",                NULL, BAD_TYP },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'dpop+jwt'}",           NULL, BAD_TYP },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':'secevent+jwt'}",       NULL, BAD_TYP },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':''}",                   NULL, BAD_TYP },
    { BY_ES256, "{'alg':'ES256','kid':'es','typ':7}",                    NULL, BAD_TYP },
    /* headers that are no JSON object, or say a thing twice */
    { BY_ES256, "{'alg':'ES256','alg':'none','kid':'es'}",         NULL, NOT_JSON },
    { BY_ES256, "{'alg':'none','alg':'ES256','kid':'es'}",         NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','\\u0061lg':'ES256','kid':'es'}",  NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es','kid':'rs'}",           NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es','a':{'b':1,'b':1}}",    NULL, NOT_JSON },
    { BY_ES256, "['ES256','es']",                                  NULL, NOT_JSON },
    { BY_ES256, "'ES256'",                                         NULL, NOT_JSON },
    { BY_ES256, "null",                                            NULL, NOT_JSON },
    { BY_ES256, "ES256",                                           NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es'",                       NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es'}}",                     NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es'} {}",                   NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es',}",                     NULL, NOT_JSON },
    { BY_ES256, "\xEF\xBB\xBF{'alg':'ES256','kid':'es'}",          NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es','x':'\xff'}",           NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es','x':'\\ud800'}",        NULL, NOT_JSON },
    { BY_ES256, "{'alg':'ES256','kid':'es','x':[[[[[[[[1]]]]]]]]}", NULL, NOT_JSON },
    /* the payload as such */
    { BY_ES256, NULL, GOOD "," SUB,                            NOT_JSON },
    { BY_ES256, NULL, GOOD "," EXP,                            NOT_JSON },
    { BY_ES256, NULL, GOOD ",'exp':1900000000",                NOT_JSON },
    { BY_ES256, NULL, GOOD ",'s\\u0075b':'root'",              NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':{'y':1,'y':2}",               NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':[[[[[[[[0]]]]]]]]",           NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':[{'a':[{'a':[{'a':[{}]}]}]}]", NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':99999999999999999999",        NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':1e999",                       NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':NaN",                         NOT_JSON },
    { BY_ES256, NULL, GOOD ",'x':'\\u0000'",                   NOT_JSON },
    { BY_ES256, NULL, GOOD ",'\\u0000':1",                     NOT_JSON },
    { BY_ES256, NULL, GOOD "}{",                               NOT_JSON },
    /* iss */
    { BY_ES256, NULL, AUD "," SUB "," TIMES,                                    BAD_ISS },
    { BY_ES256, NULL, "'iss':''," AUD "," SUB "," TIMES,                        BAD_ISS },
    { BY_ES256, NULL, "'iss':'https://issuer.test/'," AUD "," SUB "," TIMES,    BAD_ISS },
    { BY_ES256, NULL, "'iss':'HTTPS://ISSUER.TEST'," AUD "," SUB "," TIMES,     BAD_ISS },
    { BY_ES256, NULL, "'iss':'https://issuer.tes'," AUD "," SUB "," TIMES,      BAD_ISS },
    { BY_ES256, NULL, "'iss':['https://issuer.test']," AUD "," SUB "," TIMES,   BAD_ISS },
    { BY_ES256, NULL, "'iss':null," AUD "," SUB "," TIMES,                      BAD_ISS },
    /* aud */
    { BY_ES256, NULL, ISS "," SUB "," TIMES,                          BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':''," SUB "," TIMES,                 BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':'Panglot'," SUB "," TIMES,          BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':'panglot other'," SUB "," TIMES,    BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':[]," SUB "," TIMES,                 BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':['other']," SUB "," TIMES,          BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':['panglot',7]," SUB "," TIMES,      BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':[['panglot']]," SUB "," TIMES,      BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':{'panglot':true}," SUB "," TIMES,   BAD_AUD },
    { BY_ES256, NULL, ISS ",'aud':null," SUB "," TIMES,               BAD_AUD },
    /* sub */
    { BY_ES256, NULL, ISS "," AUD "," TIMES,                          BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':''," TIMES,                 BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':7," TIMES,                  BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':null," TIMES,               BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':['alice']," TIMES,          BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':'al\\nice'," TIMES,         BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':'alice\\u007f'," TIMES,     BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':'\\u202ealice'," TIMES,     BAD_SUB },
    { BY_ES256, NULL, ISS "," AUD ",'sub':'" X64 X64 "x'," TIMES,     BAD_SUB },
    /* tenant and roles */
    { BY_ES256, NULL, GOOD ",'tenant':''",                  BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'tenant':7",                   BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'tenant':null",                BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'tenant':'a b'",               BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'tenant':'../b'",              BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'tenant':'" X64 "x'",          BAD_TENANT },
    { BY_ES256, NULL, GOOD ",'roles':'operator'",           BAD_ROLES },
    { BY_ES256, NULL, GOOD ",'roles':{'operator':true}",    BAD_ROLES },
    { BY_ES256, NULL, GOOD ",'roles':4",                    BAD_ROLES },
    { BY_ES256, NULL, GOOD ",'roles':null",                 BAD_ROLES },
    { BY_ES256, NULL, GOOD ",'roles':['operator',4]",       BAD_ROLES },
    { BY_ES256, NULL, GOOD ",'roles':[['operator']]",       BAD_ROLES },
    /* times: what they are */
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT,                                BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," EXP,                                BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':'1800002600'",          BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':1800002600.0",          BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':1.8000026e9",           BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':1e308",                 BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':-1",                    BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':9223372037",            BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':9223372036854775807",   BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':-9223372036854775808",  BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':9223372036854775808",   NOT_JSON },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':null",                  BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':true",                  BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," IAT ",'exp':[1800002600]",          BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," EXP ",'iat':'1799999000'",          BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," EXP ",'iat':1799999000.5",          BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," EXP ",'iat':-1",                    BAD_TIME },
    { BY_ES256, NULL, ISS "," AUD "," SUB "," EXP ",'iat':null",                  BAD_TIME },
    { BY_ES256, NULL, GOOD ",'nbf':'0'",                                          BAD_TIME },
    { BY_ES256, NULL, GOOD ",'nbf':0.5",                                          BAD_TIME },
    { BY_ES256, NULL, GOOD ",'nbf':-1",                                           BAD_TIME },
    { BY_ES256, NULL, GOOD ",'nbf':null",                                         BAD_TIME },
    /* times: one second beyond each edge */
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1799999000,'exp':1799999940",   EXPIRED },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':0,'exp':1",                     EXPIRED },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000061,'exp':1800000062",   FUTURE },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':9223372035,'exp':9223372036",   FUTURE },
    { BY_ES256, NULL, GOOD ",'nbf':1800000061",                                   TOO_EARLY },
    { BY_ES256, NULL, GOOD ",'nbf':9223372036",                                   TOO_EARLY },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000000,'exp':1800086401",   BAD_SPAN },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000000,'exp':1800000000",   BAD_SPAN },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':1800000030,'exp':1800000020",   BAD_SPAN },
    { BY_ES256, NULL, ISS "," AUD "," SUB ",'iat':0,'exp':9223372036",            BAD_SPAN },
};

/* H, P and S stand for the three parts of a right token. */
static const struct { const char *shape, *why; } shapes_refused[] = {
    { "",              NOT_PARTS }, { ".",             NOT_PARTS }, { "..",            NOT_PARTS },
    { "...",           NOT_PARTS }, { "H",             NOT_PARTS }, { "H.P",           NOT_PARTS },
    { "H.P.",          NOT_PARTS }, { ".P.S",          NOT_PARTS }, { "H..S",          NOT_PARTS },
    { "H.P.S.",        NOT_PARTS }, { ".H.P.S",        NOT_PARTS }, { "H.P..S",        NOT_PARTS },
    { "H.P.S.S",       NOT_PARTS }, { "H.S.S.P.S",     NOT_PARTS }, { "H..S.P.S",      NOT_PARTS },
    { "HPS",           NOT_PARTS }, { "H,P,S",         NOT_PARTS }, { "H.P S",         NOT_PARTS },
    { " H.P.S",       NOT_BASE64 }, { "H.P.S ",          BAD_SIG }, { "H.P.S\n",         BAD_SIG },
    { "H =.P.S",      NOT_BASE64 }, { "H=.P.S",       NOT_BASE64 }, { "H==.P.S",      NOT_BASE64 },
    { "H.P.S=",          BAD_SIG }, { "H.P.S==",         BAD_SIG }, { "H.P.+",           BAD_SIG },
    { "H.P.S\r\n",       BAD_SIG }, { "%48.P.S",      NOT_BASE64 }, { "Bearer H.P.S", NOT_BASE64 },
    { "H .P.S",       NOT_BASE64 }, { "\nH.P.S",      NOT_BASE64 }, { "'H'.P.S",      NOT_BASE64 },
    { "H.P=.S",            WRONG }, { "H.PA.S",            WRONG }, { "H.PP.S",            WRONG },
    { "H.H.S",             WRONG }, { "P.P.S",         NO_KID    }, { "P.H.S",         NO_KID    },
    { "H.P.H",          BAD_FORM }, { "H.P.A",           BAD_SIG }, { "H.P.AA",         BAD_FORM },
    { "H.P.SAAA",        BAD_SIG }, { "H.P.SS",         BAD_FORM }, { "HH.P.S",       NOT_BASE64 },
    { "H.\xff.S",          WRONG }, { "\xff.P.S",     NOT_BASE64 }, { "H.P.\xff\xff",    BAD_SIG },
    { "{}.P.S",       NOT_BASE64 }, { "e30.P.S",       NO_KID    }, { "H.e30.S",           WRONG },
    { "bnVsbA.P.S",    NOT_JSON  }, { "MQ.P.S",        NOT_JSON  }, { "W10.P.S",       NOT_JSON  },
};
/* clang-format on */

static int refused_count;

static void assert_refused(const struct forge *forge, struct pgl_text token, const char *why,
                           const char *what, size_t row)
{
    struct pgl_jwt_claims claims, nothing = { .roles = 0 };
    memset(&claims, 0xAA, sizeof claims);
    pgl_status status = pgl_jwt_verify(&forge->keys, &forge->policy, token, FORGE_NOW_NS, &claims);
    if (status.code != PGL_UNAUTHENTICATED || strcmp(status.text, why) != 0)
        fail_msg("%s %zu: '%s' where '%s' is expected", what, row, status.text, why);
    assert_memory_equal(&claims, &nothing, sizeof claims);
    assert_int_equal(ERR_peek_error(),
                     0); /* the next TLS call of this thread would take it for its own */
    refused_count++;
}

static void headers_and_claims_that_are_wrong(void **state)
{
    const struct forge *forge = *state;
    for (size_t i = 0; i < sizeof claims_refused / sizeof claims_refused[0]; i++) {
        char header_room[512], payload_room[1024];
        enum signer signer = claims_refused[i].signer;
        struct pgl_text header = forge_header(signer), payload = PGL_TEXT("{" GOOD "}");
        struct forged token;
        if (claims_refused[i].header != NULL)
            header = forge_json("", claims_refused[i].header, "", header_room, sizeof header_room);
        if (claims_refused[i].payload != NULL)
            payload =
                forge_json("{", claims_refused[i].payload, "}", payload_room, sizeof payload_room);
        forge_token(forge, signer, header, payload, &token);
        assert_refused(forge, forged_text(&token), claims_refused[i].why, "claims row", i);
    }
}

static void payloads_that_are_no_objects(void **state)
{
    const struct forge *forge = *state;
    static const char *const payloads[] = {
        "[]", "null", "true", "1",    "\"alice\"",    "[{" GOOD "}]", "{" GOOD,
        GOOD, " ",    "{]",   "\xff", "{" GOOD "} x", "{\"a\":\"",    "{\"a\":\"\\",
    };
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct forged token;
        forge_token(forge, BY_ES256, forge_header(BY_ES256), pgl_text_of(payloads[i]), &token);
        assert_refused(forge, forged_text(&token), NOT_JSON, "payload", i);
    }
}

static void shapes_that_are_no_token(void **state)
{
    const struct forge *forge = *state;
    struct forged right;
    forge_token(forge, BY_ES256, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"), &right);
    for (size_t i = 0; i < sizeof shapes_refused / sizeof shapes_refused[0]; i++) {
        struct pgl_text parts[3], rest = forged_text(&right);
        struct pgl_buffer token;
        pgl_buffer_init(&token, PGL_JWT_BYTES_MAX);
        for (int part = 0; part < 3; part++)
            parts[part] = pgl_text_cut(&rest, '.');
        for (const char *at = shapes_refused[i].shape; *at; at++) {
            if (*at == 'H')
                pgl_buffer_add_text(&token, parts[0]);
            else if (*at == 'P')
                pgl_buffer_add_text(&token, parts[1]);
            else if (*at == 'S')
                pgl_buffer_add_text(&token, parts[2]);
            else
                pgl_buffer_add_char(&token, *at);
        }
        assert_refused(forge, pgl_buffer_text(&token), shapes_refused[i].why, "shape", i);
        pgl_buffer_free(&token);
    }
}

static void a_token_of_a_megabyte_costs_nothing(void **state)
{
    const struct forge *forge = *state;
    size_t size = 1 << 20;
    char *huge = malloc(size);
    assert_non_null(huge);
    memset(huge, 'A', size);
    assert_refused(forge, (struct pgl_text){ huge, size }, TOO_LONG, "size", size);
    assert_refused(forge, (struct pgl_text){ huge, 4097 }, TOO_LONG, "size", 4097);
    memset(huge, '.', size);
    assert_refused(forge, (struct pgl_text){ huge, size }, TOO_LONG, "dots", size);
    assert_refused(forge, (struct pgl_text){ huge, 4096 }, NOT_PARTS, "dots", 4096);
    memset(huge, '[', size); /* depth is bounded before anything recurses */
    struct forged deep;
    forge_token(forge, BY_ES256, (struct pgl_text){ huge, 2900 }, PGL_TEXT("{" GOOD "}"), &deep);
    deep.size = PGL_JWT_BYTES_MAX;
    assert_refused(forge, forged_text(&deep), NOT_JSON, "depth", 2900);
    free(huge);
}

/* CVE-2022-21449 and its kin: every pair of scalars out of range, or in range but made up. */
static void made_up_es256_scalars(void **state)
{
    enum { ZERO, ONE, ORDER_LESS_ONE, ORDER, ORDER_AND_ONE, ALL_ONES, RIGHT, SCALAR_COUNT };
    static const char order_hex[] =
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const struct forge *forge = *state;
    for (int r = 0; r < SCALAR_COUNT; r++)
        for (int s = 0; s < SCALAR_COUNT; s++) {
            struct forged token;
            uint8_t signature[PGL_JWS_SIGNATURE_MAX], scalars[SCALAR_COUNT][32] = { { 0 } };
            forge_input(&token, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"));
            struct pgl_text input = { token.text, token.size - 1 };
            forge_sign(forge, BY_ES256, input, signature);
            for (int i = ORDER_LESS_ONE; i <= ORDER_AND_ONE; i++) {
                assert_true(pgl_is_ok(pgl_hex_decode(pgl_text_of(order_hex), scalars[i], 32)));
                scalars[i][31] = (uint8_t)(scalars[i][31] + i - ORDER);
            }
            scalars[ONE][31] = 1;
            memset(scalars[ALL_ONES], 0xFF, 32);
            if (r != RIGHT)
                memcpy(signature, scalars[r], 32);
            if (s != RIGHT)
                memcpy(signature + 32, scalars[s], 32);
            forge_add(&token, signature, PGL_JWS_ES256_BYTES);
            bool is_in_range = (r == ONE || r == ORDER_LESS_ONE || r == RIGHT) &&
                               (s == ONE || s == ORDER_LESS_ONE || s == RIGHT);
            if (r == RIGHT && s == RIGHT) {
                struct pgl_jwt_claims claims; /* so that the others fail for their scalars alone */
                assert_true(pgl_is_ok(forge_verify(forge, &token, &claims)));
            } else {
                assert_refused(forge, forged_text(&token), is_in_range ? WRONG : BAD_FORM,
                               "scalars", (size_t)(r * SCALAR_COUNT + s));
            }
        }
}

/* For each algorithm: cut, extended, of no length, doubled, and every bit of both ends flipped. */
static void signatures_cut_extended_or_changed(void **state)
{
    const struct forge *forge = *state;
    for (enum signer signer = 0; signer < SIGNER_COUNT; signer++) {
        struct forged token;
        uint8_t signature[PGL_JWS_SIGNATURE_MAX + 1] = { 0 };
        forge_input(&token, forge_header(signer), PGL_TEXT("{" GOOD "}"));
        struct pgl_text input = { token.text, token.size - 1 };
        size_t size = forge_sign(forge, signer, input, signature);
        const size_t sizes[] = { 1, size / 2, size - 1, size + 1, size * 2 };
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            token.size = token.signature_at;
            forge_add(&token, signature, sizes[i]);
            assert_refused(forge, forged_text(&token), BAD_FORM, "signature size", sizes[i]);
        }
        const size_t ends[] = { 0, size / 2, size - 1 };
        for (size_t i = 0; i < 3; i++)
            for (int bit = 0; bit < 8; bit++) {
                uint8_t changed[PGL_JWS_SIGNATURE_MAX];
                memcpy(changed, signature, size);
                changed[ends[i]] = (uint8_t)(changed[ends[i]] ^ 1 << bit);
                token.size = token.signature_at;
                forge_add(&token, changed, size);
                assert_refused(forge, forged_text(&token), WRONG, "signature byte", ends[i]);
            }
    }
}

/* Changed or cut anywhere, it is another token. */
static void no_character_of_a_token_may_change(void **state)
{
    const struct forge *forge = *state;
    struct forged token;
    struct pgl_jwt_claims claims;
    forge_token(forge, BY_EDDSA, forge_header(BY_EDDSA), PGL_TEXT("{" GOOD "}"), &token);
    assert_true(pgl_is_ok(forge_verify(forge, &token, &claims)));
    for (size_t i = 0; i < token.size; i++) {
        char right = token.text[i];
        token.text[i] = right == 'A' ? 'B' : 'A';
        assert_int_equal(forge_verify(forge, &token, &claims).code, PGL_UNAUTHENTICATED);
        token.text[i] = right;
        struct pgl_text cut = { token.text, i };
        assert_int_equal(
            pgl_jwt_verify(&forge->keys, &forge->policy, cut, FORGE_NOW_NS, &claims).code,
            PGL_UNAUTHENTICATED);
    }
}

/* A DER signature is what OpenSSL writes; in a token it is of the wrong form. */
static void es256_in_der_is_refused(void **state)
{
    const struct forge *forge = *state;
    struct forged token;
    uint8_t der[80];
    size_t size = sizeof der;
    forge_input(&token, forge_header(BY_ES256), PGL_TEXT("{" GOOD "}"));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, forge->by[BY_ES256].pkey, NULL),
        1);
    assert_int_equal(
        EVP_DigestSign(context, der, &size, (const uint8_t *)token.text, token.size - 1), 1);
    EVP_MD_CTX_free(context);
    assert_int_not_equal(size, PGL_JWS_ES256_BYTES);
    forge_add(&token, der, size);
    assert_refused(forge, forged_text(&token), BAD_FORM, "der", size);
}

/* RFC 7518, 3.5 fixes the salt at 32 bytes; a signature with another salt is none. */
static void ps256_with_another_salt_is_refused(void **state)
{
    const struct forge *forge = *state;
    static const int salts[] = { 0, 20, 31, 33, RSA_PSS_SALTLEN_MAX };
    for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++) {
        struct forged token;
        uint8_t signature[PGL_JWS_SIGNATURE_MAX];
        size_t size = sizeof signature;
        forge_input(&token, forge_header(BY_PS256), PGL_TEXT("{" GOOD "}"));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *details;
        assert_int_equal(EVP_DigestSignInit_ex(context, &details, "SHA256", NULL, NULL,
                                               forge->by[BY_PS256].pkey, NULL),
                         1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, salts[i]), 1);
        assert_int_equal(
            EVP_DigestSign(context, signature, &size, (const uint8_t *)token.text, token.size - 1),
            1);
        EVP_MD_CTX_free(context);
        forge_add(&token, signature, size);
        assert_refused(forge, forged_text(&token), WRONG, "salt", i);
    }
}

static int open_forge(void **state)
{
    static struct forge forge;
    forge_open(&forge);
    *state = &forge;
    return 0;
}

static int close_forge(void **state)
{
    forge_close(*state);
    print_message("%d tokens refused\n", refused_count);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_claims_that_are_wrong),
        cmocka_unit_test(payloads_that_are_no_objects),
        cmocka_unit_test(shapes_that_are_no_token),
        cmocka_unit_test(a_token_of_a_megabyte_costs_nothing),
        cmocka_unit_test(made_up_es256_scalars),
        cmocka_unit_test(signatures_cut_extended_or_changed),
        cmocka_unit_test(no_character_of_a_token_may_change),
        cmocka_unit_test(es256_in_der_is_refused),
        cmocka_unit_test(ps256_with_another_salt_is_refused),
    };
    return cmocka_run_group_tests_name("jwt refuse", tests, open_forge, close_forge);
}
