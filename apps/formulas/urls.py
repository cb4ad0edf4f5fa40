from django.urls import path

from apps.formulas.views import drafts, history, library

app_name = "formulas"
urlpatterns = [
    path("", drafts.formula_list, name="formula-list"),
    path("new/", drafts.formula_new, name="formula-new"),
    path("upload/", drafts.formula_upload, name="formula-upload"),
    path("library/", library.library, name="library"),
    path("library/<slug:key>/", library.library_detail, name="library-detail"),
    path("library/<slug:key>/use/", library.library_use, name="library-use"),
    path("<uuid:uuid>/", drafts.formula_detail, name="formula-detail"),
    path("<uuid:uuid>/export/", drafts.formula_export, name="formula-export"),
    path("<uuid:uuid>/fork/", drafts.formula_fork, name="formula-fork"),
    path("<uuid:uuid>/archive/", drafts.formula_archive, name="formula-archive"),
    path("<uuid:uuid>/unarchive/", drafts.formula_unarchive, name="formula-unarchive"),
    path("<uuid:uuid>/publish/", history.formula_publish, name="formula-publish"),
    path("<uuid:uuid>/versions/<int:number>/restore/", history.version_restore, name="version-restore"),
]
