/**
 * Starts Swagger UI, the library that shows the operations on the page at /docs. The page itself, with its sections on
 * keys and error codes, comes from the service and needs no script.
 */

/** What a plug-in gets from the library. */
interface System {
  readonly React: { createElement(component: unknown, props: object): unknown };
}

/** Set by the library's file, which the page loads first. */
declare const SwaggerUIBundle: (options: object) => unknown;

/** The page has title and introduction already, and there is only one server. */
const onlyOperations = () => ({
  wrapComponents: { InfoContainer: () => () => null, ServersContainer: () => () => null },
});

/** An error code in a description leads to its row in the table of all codes. */
const withLinkedCodes = () => ({
  wrapComponents: {
    Markdown:
      (Original: unknown, { React }: System) =>
      (props: { readonly source?: string }) =>
        React.createElement(Original, { ...props, source: linkCodes(props.source ?? '') }),
  },
});

/** `#/Jobs/submitJob` opens an operation. The library must not take the anchors of the page for operations. */
const withOwnAnchors = () => ({
  statePlugins: {
    layout: {
      wrapActions: {
        parseDeepLinkHash: (original: (hash: string) => object) => (hash: string) =>
          hash.startsWith('#/') ? original(hash) : { type: 'no_operation' },
      },
    },
  },
});

function linkCodes(markdown: string): string {
  return markdown.replaceAll(/`(\w+)`/g, (text, code: string) =>
    document.getElementById(`error-${code}`) ? `[${text}](#error-${code})` : text,
  );
}

/** The library is dark only where the page says so. */
function followScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
  dark.addEventListener('change', apply);
  apply();
}

/**
 * Operations appear above the error codes and push them down, which not every browser makes up for. So the page
 * scrolls to its anchor once more.
 */
function scrollWhenShown(view: Element): void {
  if (!/^#[\w-]+$/.test(location.hash)) return;
  const observer = new MutationObserver(() => {
    if (!view.querySelector('.opblock')) return;
    observer.disconnect();
    document.querySelector(location.hash)?.scrollIntoView();
  });
  observer.observe(view, { childList: true, subtree: true });
}

const view = document.querySelector('#operations-view')!;
followScheme();
scrollWhenShown(view);
SwaggerUIBundle({
  url: '/openapi.json',
  domNode: view,
  plugins: [onlyOperations, withLinkedCodes, withOwnAnchors],
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // Otherwise it would send the document to a service on the internet.
  validatorUrl: null,
});
