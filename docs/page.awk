# Prepare a page for Doxygen, run from the top of the tree: headings get the anchors that GitHub gives them, after the
# page's name, and links to pages become references. The table of contents, docs/README.md, makes the other pages its own.
function page_of(path) {
    sub(/^(\.\.\/)+/, "", path)
    if (path ~ /^bindings\/python\/README\.md$/) return "python"
    if (path ~ /^docs\/README\.md$/) return "contents"
    sub(/^.*\//, "", path)
    sub(/\.md$/, "", path)
    return path == "README" ? "mainpage" : tolower(path)
}
function anchor_of(title) {
    title = tolower(title)
    gsub(/[^a-z0-9 _-]/, "", title)
    gsub(/ /, "-", title)
    return title
}
function with_references(line,    target, parts, reference) {
    while (match(line, /\]\([^():@]*(\.md|\.h|#)[^():@]*\)/)) {
        target = substr(line, RSTART + 2, RLENGTH - 3)
        split(target, parts, "#")
        reference = parts[1] == "" ? page : page_of(parts[1])
        if (parts[2] != "") reference = reference "-" parts[2]
        if (sub(/^.*\/include\//, "", target)) reference = target
        line = substr(line, 1, RSTART + 1) "@ref " reference ")" substr(line, RSTART + RLENGTH)
    }
    return line
}
BEGIN { page = page_of(substr(ARGV[1], length(ENVIRON["PWD"]) + 2)) } # Doxygen gives the whole path
/^ *```/ { code = !code }
code { print; next }
/^#+ / {
    anchor = page
    if ($1 != "#") {
        anchor = page "-" anchor_of(substr($0, length($1) + 2))
        if (seen[anchor]++) anchor = anchor "-" (seen[anchor] - 1)
    }
    $0 = $0 " {#" anchor "}"
}
page == "contents" && match($0, /^- \[[^]]*\]\([a-z-]*\.md\)/) {
    title = substr($0, 4, index($0, "]") - 4)
    target = substr($0, index($0, "(") + 1, RLENGTH - index($0, "("))
    sub(/\)$/, "", target)
    $0 = "- @subpage " page_of(target) " \"" title "\"" substr($0, RSTART + RLENGTH)
}
{ print with_references($0) }
