package api

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

const bearerScheme = "bearer"

// document starts the OpenAPI document; handle adds the routes.
func document(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: brand.DefaultName, Version: version,
				Description: "Create competitions, register for them, and know immediately where you stand.\n\n" +
					"Times are RFC 3339 in UTC. Errors are `application/problem+json` with a stable `code`. Lists " +
					"are JSON arrays; the `Link` header points to the next page. Seat counts " +
					"always reflect the last commit.\n\n" +
					"To retry a request safely, send it with the same `Idempotency-Key`. A 429 or 503 says in " +
					"`Retry-After` how many seconds to wait. Responses may get new fields, and errors new codes: " +
					"ignore those you don't know.",
				License: &huma.License{Name: "MIT", Identifier: "MIT"},
			},
			Components: &huma.Components{
				Schemas:  huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				Examples: map[string]*huma.Example{},
				SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The token returned when you sign up or log in.",
				}},
			},
			Tags: []*huma.Tag{
				{Name: tagAccounts, Description: "Sign up, log in, and manage your account."},
				{Name: tagSessions, Description: "See where you're logged in, and log out."},
				{Name: tagCompetitions, Description: "Create, find and manage competitions."},
				{
					Name: tagRegistrations,
					Description: "Register, cancel, and see who is registered or waiting. How the status changes:\n\n" +
						transitionTable(),
				},
				{Name: tagTeams, Description: "See and change teams, and find members for them."},
				{Name: tagApplications, Description: "Score applications, decide about them, release decisions."},
				{Name: tagDraws, Description: "Run a lottery, and check it."},
				{Name: tagFactors, Description: "Authenticator apps, passkeys and recovery codes."},
				{Name: tagMailbox, Description: "Your messages."},
				{
					Name:        tagAdmin,
					Description: "For admins: accounts, reports, organizers' requests, the audit log, failed jobs.",
				},
				{Name: tagService, Description: "The status of the API itself."},
			},
		},
		Formats:       map[string]huma.Format{mediaJSON: {Marshal: marshal}, "json": {Marshal: marshal}},
		DefaultFormat: mediaJSON,
	}
}

// contact is nil where there is none.
func contact(site brand.Site) *huma.Contact {
	switch {
	case site.Contact == "":
		return nil
	case brand.IsWebAddress(site.Contact):
		return &huma.Contact{Name: site.Name, URL: site.Contact}
	}
	return &huma.Contact{Name: site.Name, Email: site.Contact}
}

// operation is a route in the words of OpenAPI.
func (a *api) operation(r route) huma.Operation {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Description: r.description,
		Tags:          []string{r.tag},
		DefaultStatus: r.status, SkipValidateBody: true, Middlewares: a.middleware(r),
		Responses: map[string]*huma.Response{},
	}
	if r.upload > 0 {
		op.MaxBodyBytes, op.BodyReadTimeout = r.upload, compete.CoverUploadTime
	}
	if r.access == loggedIn {
		op.Security = []map[string][]string{{bearerScheme: {}}}
	}
	if len(r.produces) > 0 {
		op.Responses[strconv.Itoa(r.status)] = &huma.Response{
			Description: http.StatusText(r.status),
			Content:     a.contentOf(r),
		}
	}
	a.documentProblems(&op, r)
	return op
}

// content is an answer in one media type that a handler writes itself.
type content struct {
	media    string
	document func(*api) *huma.MediaType
}

// contentJSON is JSON that has the form of a T.
func contentJSON[T any]() content {
	return content{mediaJSON, func(a *api) *huma.MediaType { return &huma.MediaType{Schema: schemaOf[T](a)} }}
}

// contentText is text such as the example.
func contentText(media, example string) content {
	return content{media, func(*api) *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
	}}
}

// contentPicture is a file.
func contentPicture(media string) content {
	return content{media, func(*api) *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}}
}

// contentOf documents the answers that a handler writes itself.
func (a *api) contentOf(r route) map[string]*huma.MediaType {
	documented := map[string]*huma.MediaType{}
	for _, c := range r.produces {
		documented[c.media] = c.document(a)
	}
	return documented
}

// documentProblems adds a response for each status that a route can refuse with, with an example for each code.
func (a *api) documentProblems(op *huma.Operation, r route) {
	problems := []*problem.Problem{problem.From(internalError)}
	if r.path != "/api" {
		for _, err := range []*compete.Error{compete.ErrDatabase, compete.ErrBusy, compete.ErrStopping, errTimedOut} {
			problems = append(problems, problem.From(err))
		}
	}
	for _, err := range append(impliedErrors(r), r.errors...) {
		problems = append(problems, problem.From(err))
	}
	if r.request != nil {
		problems = append(problems, errBodyTooLarge, errNotJSON, errBodyTooSlow)
	}
	if r.upload > 0 {
		problems = append(problems, errCoverBodyTooLarge, errBodyTooSlow)
	}
	for _, p := range problems {
		status := strconv.Itoa(p.Status)
		response := op.Responses[status]
		if response == nil {
			media := &huma.MediaType{Schema: schemaOf[problem.Problem](a), Examples: map[string]*huma.Example{}}
			response = &huma.Response{
				Description: p.Title,
				Content:     map[string]*huma.MediaType{problem.ContentType: media},
			}
			op.Responses[status] = response
		}
		a.huma.OpenAPI().Components.Examples[p.Code] = &huma.Example{Summary: p.Detail, Value: p}
		response.Content[problem.ContentType].Examples[p.Code] = &huma.Example{Ref: "#/components/examples/" + p.Code}
	}
	documentProblemHeader(op, http.StatusUnauthorized, "WWW-Authenticate", "The authentication scheme: Bearer.")
	documentProblemHeader(op, http.StatusTooManyRequests, "Retry-After",
		"How many seconds to wait before trying again.")
	documentProblemHeader(op, http.StatusTooManyRequests, "RateLimit-Limit",
		"If a limit is the reason: how many times it allows this.")
	documentProblemHeader(op, http.StatusTooManyRequests, "RateLimit-Remaining", "If a limit is the reason: 0.")
	documentProblemHeader(op, http.StatusTooManyRequests, "RateLimit-Reset",
		"If a limit is the reason: the same as Retry-After.")
	documentProblemHeader(op, http.StatusServiceUnavailable, "Retry-After",
		"How many seconds to wait before trying again.")
}

func documentProblemHeader(op *huma.Operation, status int, name, description string) {
	if response := op.Responses[strconv.Itoa(status)]; response != nil {
		if response.Headers == nil {
			response.Headers = map[string]*huma.Param{}
		}
		response.Headers[name] = &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
	}
}

var (
	internalError  = compete.AsError(nil)
	exampleInvalid = compete.Invalid(compete.FieldError{Field: "limit", Message: "must be between 1 and 100"})
)

// impliedErrors are those that follow from what a route takes.
func impliedErrors(r route) []*compete.Error {
	implied := []*compete.Error{errMalformedQuery, compete.ErrUnauthorized} // a bad token is refused on every route
	if !r.setup {
		implied = append(implied, compete.ErrFactorSetup)
	}
	if r.request != nil {
		implied = append(implied, errMalformedJSON, errUnreadableBody, exampleInvalidBody)
	} else if r.paged {
		implied = append(implied, exampleInvalid)
	}
	if slices.Contains(r.errors, compete.ErrVersionRequired) {
		implied = append(implied, errMalformedIfMatch)
	}
	return implied
}

var exampleInvalidBody = compete.Invalid(compete.FieldError{
	Field:   "title",
	Message: "must be at least 3 characters long",
})

// documentBody puts the body that the handler decodes itself into the document.
func (a *api) documentBody(r route) {
	if r.request == nil {
		return
	}
	item := a.huma.OpenAPI().Paths[r.path]
	op := item.Post
	switch r.method {
	case http.MethodPut:
		op = item.Put
	case http.MethodPatch:
		op = item.Patch
	case http.MethodDelete:
		op = item.Delete
	}
	op.RequestBody.Required = !r.optionalBody
	op.RequestBody.Content = map[string]*huma.MediaType{mediaJSON: {Schema: schemaOfValue(a, r.request)}}
}
