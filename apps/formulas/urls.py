from django.urls import path
from django.views.generic import RedirectView

from apps.formulas.views import cases, drafts, explain, history, library, pine, sharing

app_name = "formulas"
urlpatterns = [
    path("", drafts.formula_list, name="formula-list"),
    path("new/", drafts.formula_new, name="formula-new"),
    path("upload/", drafts.formula_upload, name="formula-upload"),
    path("import/", pine.pine_import, name="pine-import"),
    # where the pages about functions were
    path("functions/", RedirectView.as_view(pattern_name="guides:function-list", query_string=True)),
    path("functions/<slug:name>/", RedirectView.as_view(pattern_name="guides:function-detail")),
    path("library/", library.library, name="library"),
    path("library/<slug:key>/", library.library_detail, name="library-detail"),
    path("library/<slug:key>/use/", library.library_use, name="library-use"),
    path("why/", explain.text_why, name="text-why"),
    path("shared/", sharing.shared_list, name="shared-list"),
    path("<uuid:uuid>/", drafts.formula_detail, name="formula-detail"),
    path("<uuid:uuid>/export/", drafts.formula_export, name="formula-export"),
    path("<uuid:uuid>/fork/", drafts.formula_fork, name="formula-fork"),
    path("<uuid:uuid>/archive/", drafts.formula_archive, name="formula-archive"),
    path("<uuid:uuid>/unarchive/", drafts.formula_unarchive, name="formula-unarchive"),
    path("<uuid:uuid>/publish/", history.formula_publish, name="formula-publish"),
    path("<uuid:uuid>/explain/", explain.formula_explain, name="formula-explain"),
    path("<uuid:uuid>/explain/bars/", explain.formula_bars, name="formula-bars"),
    path("<uuid:uuid>/history/", history.formula_history, name="formula-history"),
    path("<uuid:uuid>/pine/", pine.formula_pine, name="formula-pine"),
    path("<uuid:uuid>/pine/file/", pine.pine_file, name="pine-file"),
    path("<uuid:uuid>/leave/", sharing.share_leave, name="share-leave"),
    path("<uuid:uuid>/shares/", sharing.formula_shares, name="formula-shares"),
    path("<uuid:uuid>/shares/<uuid:share>/", sharing.share_level, name="share-level"),
    path("<uuid:uuid>/shares/<uuid:share>/revoke/", sharing.share_revoke, name="share-revoke"),
    path("<uuid:uuid>/tests/", cases.case_list, name="case-list"),
    path("<uuid:uuid>/tests/new/", cases.case_new, name="case-new"),
    path("<uuid:uuid>/tests/snapshot/", cases.case_snapshot, name="case-snapshot"),
    path("<uuid:uuid>/tests/<uuid:case>/", cases.case_detail, name="case-detail"),
    path("<uuid:uuid>/tests/<uuid:case>/remove/", cases.case_remove, name="case-remove"),
    path("<uuid:uuid>/tests/<uuid:case>/restore/", cases.case_restore, name="case-restore"),
    path("<uuid:uuid>/versions/<int:number>/fork/", history.version_fork, name="version-fork"),
    path("<uuid:uuid>/versions/<int:number>/restore/", history.version_restore, name="version-restore"),
]
